"""The general API's tracking opt-outs (contract 2.6)."""

import uuid
from typing import Any

from django.http import Http404
from ninja import Router, Schema
from pydantic import Field

from accounts.api_auth import ApiRequest, account_of, readable_domains, require_level, require_rate
from accounts.rate_limits import SUPPRESSIONS
from accounts.scopes import ADMIN
from domains.models import SendingDomain
from mailtrap_site.web.json_api import Invalid, instant
from sending.api.suppressions import BLANK, INVALID, PAGE, by_token, cursor, moment
from sending.models import TrackingOptOut
from sending.protocol.address import AddressError
from sending.suppressions.import_lines import address_of
from sending.tracking import opt_out_list, opt_outs

router = Router(tags=["Tracking opt-outs"])


class NewTrackingOptOut(Schema):
    """One address that is not to be tracked in mail of a domain."""

    email: str | None = Field(None, max_length=320)
    domain_id: int | None = Field(None, ge=0, lt=2**63)


@router.get("/tracking_opt_outs", response=dict[str, Any])
def list_tracking_opt_outs(
    request: ApiRequest, account_id: int, email: str = "", start_time: str = "", end_time: str = "", last_id: str = ""
) -> dict[str, Any]:
    """Newest entry first, 1,000 at most; `last_id` of the answer goes into that of the next call, null at the end.

    `email` is a whole address in any case; the times are those of the entries, both included.
    """
    require_rate(request, SUPPRESSIONS, account_id)
    query = opt_out_list.Query(
        email=email.replace("\0", ""),
        since=moment("start_time", start_time),
        until=moment("end_time", end_time),
        domains=readable_domains(request),
    )
    page = opt_out_list.fetch(account_id, query, after=cursor(last_id), size=PAGE)
    return {"data": [_shown(one) for one in page.rows], "last_id": str(page.older) if page.older else None}


@router.post("/tracking_opt_outs", response=dict[str, Any])
def create_tracking_opt_out(request: ApiRequest, account_id: int, body: NewTrackingOptOut) -> dict[str, Any]:
    """Puts an address on the list. One that stands already is answered as it stands."""
    require_rate(request, SUPPRESSIONS, account_id)
    account = account_of(request, account_id)
    if body.domain_id is None:
        require_level(request, ADMIN)
    else:
        require_level(request, ADMIN, "domain", body.domain_id)
    email, domain_id = _read(account_id, body)
    opt_outs.add(account, domain_id, [email], by_token(request))
    entry = TrackingOptOut.objects.select_related("domain").get(account=account, email=email, domain=domain_id)
    return {"data": _shown(entry)}


@router.delete("/tracking_opt_outs/{uuid:opt_out_id}", response=dict[str, Any])
def delete_tracking_opt_out(request: ApiRequest, account_id: int, opt_out_id: uuid.UUID) -> dict[str, Any]:
    """Takes an entry off the list, and answers what it was."""
    require_rate(request, SUPPRESSIONS, account_id)
    account, entry = account_of(request, account_id), opt_out_list.find(account_id, opt_out_id)
    readable = readable_domains(request)
    if entry is None or (readable is not None and entry.domain_id not in readable):
        raise Http404
    require_level(request, ADMIN, "domain", entry.domain_id)
    if not opt_outs.remove(account, [entry.pk], by_token(request)):
        raise Http404
    return _shown(entry)


def _read(account_id: int, body: NewTrackingOptOut) -> tuple[str, int]:
    """Address and domain. Raises Invalid with everything that is wrong."""
    errors: dict[str, list[str]] = {}
    email = ""
    if not (body.email or "").strip():
        errors["email"] = [BLANK]
    else:
        try:
            email = address_of(body.email or "")
        except AddressError:
            errors["email"] = [INVALID]
    domains = SendingDomain.objects.filter(account=account_id, deleted_at=None, pk=body.domain_id or 0)
    domain_id = domains.values_list("pk", flat=True).first()
    if domain_id is None:
        errors["domain"] = [BLANK]
    if errors or domain_id is None:
        raise Invalid(errors)
    return email, domain_id


def _shown(entry: TrackingOptOut) -> dict[str, Any]:
    return {
        "id": str(entry.pk),
        "email": entry.email,
        "created_at": instant(entry.created_at),
        "domain_name": entry.domain.name,
        "domain_id": entry.domain_id,
        "sending_domain_id": entry.domain_id,
    }
