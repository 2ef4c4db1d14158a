"""The general API's sending domains: reading, adding, changing, deleting, and looking at their records now."""

from typing import Any

from django.http import Http404
from ninja import Router
from ninja.errors import Throttled
from ninja.responses import Status

from accounts.api_auth import ApiRequest, access_level, account_of, require_level
from accounts.scopes import ADMIN, READ
from domains import checking, options, setup, sharing
from domains.api.shapes import (
    Colleague,
    DomainChanges,
    DomainChangesIn,
    DomainListOut,
    DomainOut,
    NewDomainIn,
    actor_of,
    domain_of,
    shown,
    standing_domains,
)
from domains.models import SendingDomain
from domains.names import NameRefusal
from mailtrap_site.web.json_api import Invalid

router = Router(tags=["Sending domains"])

BLANK_NAME = "Domain name can't be blank"
NO_INBOUND = "is not offered: this service does not receive mail for your domains"


@router.get("/sending_domains", response=DomainListOut, summary="List domains")
@router.get("/domains", response=DomainListOut, summary="List domains")
def list_domains(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """The domains that the token may read, oldest first."""
    account = account_of(request, account_id)
    domains = standing_domains().filter(account=account).order_by("id")
    levels = {domain.pk: access_level(request.auth, "domain", domain.pk) for domain in domains}
    return {"data": [shown(domain, levels[domain.pk]) for domain in domains if levels[domain.pk] >= READ]}


@router.post("/sending_domains", response=DomainOut, summary="Add a domain")
@router.post("/domains", response=DomainOut, summary="Add a domain")
def create_domain(request: ApiRequest, account_id: int, body: NewDomainIn) -> dict[str, Any]:
    """Adds a domain and answers the records to publish; 422 says why a name is refused or that the plan is full."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    asked = body.sending_domain or body.domain
    name = (asked.domain_name or "").strip() if asked else ""
    if not name:
        raise Invalid({"base": [f"Validation failed: {BLANK_NAME}"]})
    try:
        domain, _name = setup.add_domain(account, name, request=request, actor_name=actor_of(request))
    except NameRefusal as refusal:
        raise Invalid({"base": [f"Validation failed: {refusal.sentence}"]}) from refusal
    return shown(domain, ADMIN)


@router.get("/sending_domains/{int:domain_id}", response=DomainOut, summary="Get a domain")
@router.get("/domains/{int:domain_id}", response=DomainOut, summary="Get a domain")
def get_domain(request: ApiRequest, account_id: int, domain_id: int) -> dict[str, Any]:
    """One domain with the state of its records."""
    return _shown(request, domain_of(request, account_id, domain_id))


@router.patch("/sending_domains/{int:domain_id}", response=DomainOut, summary="Change a domain")
@router.patch("/domains/{int:domain_id}", response=DomainOut, summary="Change a domain")
def update_domain(request: ApiRequest, account_id: int, domain_id: int, body: DomainChangesIn) -> dict[str, Any]:
    """Changes options; all that are named, or none where one of them does not stand (422)."""
    domain = domain_of(request, account_id, domain_id, ADMIN)
    changes = _changes(body.sending_domain or body.domain or DomainChanges())
    try:
        options.change(domain, changes, request=request, actor_name=actor_of(request))
    except options.OptionInvalid as problem:
        errors = problem.errors
        raise Invalid({_CONTRACT_NAMES.get(name, name): errors[name] for name in errors}) from problem
    except SendingDomain.DoesNotExist:
        raise Http404 from None
    return _shown(request, domain_of(request, account_id, domain_id))


@router.delete("/sending_domains/{int:domain_id}", response={204: None}, summary="Delete a domain")
@router.delete("/domains/{int:domain_id}", response={204: None}, summary="Delete a domain")
def delete_domain(request: ApiRequest, account_id: int, domain_id: int) -> Status:
    """Its mail is refused from now on; what it sent stays in the log."""
    domain = domain_of(request, account_id, domain_id, ADMIN)
    setup.delete_domain(domain, request=request, actor_name=actor_of(request))
    return Status(204, None)


@router.post(
    "/sending_domains/{int:domain_id}/send_setup_instructions",
    response={204: None},
    summary="Email the records to a colleague",
)
@router.post(
    "/domains/{int:domain_id}/send_setup_instructions",
    response={204: None},
    summary="Email the records to a colleague",
)
def send_setup_instructions(request: ApiRequest, account_id: int, domain_id: int, body: Colleague) -> Status:
    """A letter with the records, and a link to a page that shows whether they stand and needs no sign-in."""
    domain = domain_of(request, account_id, domain_id, ADMIN)
    try:
        sharing.send_instructions(domain, body.email, request=request, actor_name=actor_of(request))
    except sharing.NotShared as problem:
        raise Invalid({problem.field or "base": [problem.wire]}) from problem
    return Status(204, None)


@router.post("/sending_domains/{int:domain_id}/verification", response=DomainOut, summary="Check the records now")
@router.post("/domains/{int:domain_id}/verification", response=DomainOut, summary="Check the records now")
def verify_domain(request: ApiRequest, account_id: int, domain_id: int) -> dict[str, Any]:
    """Asks DNS now rather than at the next hourly look; 429 says in Retry-After when it may be asked again."""
    domain = domain_of(request, account_id, domain_id, ADMIN)
    wait = checking.check_now(domain, checking.MEMBER)
    if wait:
        raise Throttled(wait=wait)
    return _shown(request, domain_of(request, account_id, domain_id))


_CONTRACT_NAMES = {"alert_recipient": "alert_recipient_email"}
"""Of options that have another name here."""


def _shown(request: ApiRequest, domain: SendingDomain) -> dict[str, Any]:
    return shown(domain, access_level(request.auth, "domain", domain.pk))


def _changes(asked: DomainChanges) -> dict[str, object]:
    """As `options.change` takes them. Clients send null for a switch that they leave as it is. Raises Invalid."""
    given = asked.model_dump(exclude_unset=True)
    if given.pop("inbound_enabled", None):
        raise Invalid({"inbound_enabled": [NO_INBOUND]})
    ours = {contract: name for name, contract in _CONTRACT_NAMES.items()}
    return {ours.get(name, name): value for name, value in given.items() if value is not None or name in ours}
