"""The records as files: for providers that read zone files, and for Route 53."""

from collections.abc import Callable, Iterable

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from domains.models import SendingDomain
from domains.record_files import route53_batch, to_publish, zone_file
from domains.records import ExpectedRecord
from domains.verification import expectation
from domains.views.lookup import own_domain_of

Writer = Callable[[str, Iterable[ExpectedRecord]], str]


@account_view(Ability.VIEW)
@require_safe
def domain_zone_file(request: AccountRequest, domain_id: int) -> HttpResponse:
    return zone_file_answer(own_domain_of(request, domain_id))


@account_view(Ability.VIEW)
@require_safe
def domain_route53(request: AccountRequest, domain_id: int) -> HttpResponse:
    return route53_answer(own_domain_of(request, domain_id))


def zone_file_answer(domain: SendingDomain) -> HttpResponse:
    """A download in the format of RFC 1035."""
    return _download(domain, zone_file, "zone", "text/dns; charset=utf-8")


def route53_answer(domain: SendingDomain) -> HttpResponse:
    """A download that Route 53 takes as a change batch."""
    return _download(domain, route53_batch, "route53.json", "application/json")


def _download(domain: SendingDomain, write: Writer, ending: str, content_type: str) -> HttpResponse:
    stored = [(expectation(record), record.status) for record in domain.dns_records.select_related("domain")]
    response = HttpResponse(write(domain.name, to_publish(stored)), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{domain.name}.{ending}"'
    return response
