"""What an HTTPS proxy asks before it has a certificate issued for a name that somebody called: Caddy's `ask`."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rate_limits import CERTIFICATES, take
from domains.models import DnsRecord, SendingDomain
from domains.records import RecordKey

LONGEST_NAME = 253


@never_cache
@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """200 for the name of tracked links of a domain that wants its own, 404 for every other; nothing else is told.

    Whoever connects to the proxy by an invented name makes it ask, so that questions are bounded: 429.
    """
    if take(CERTIFICATES, 0).is_refused:
        return HttpResponse(status=429)
    return HttpResponse(status=200 if may_have(request.GET.get("domain", "")) else 404)


def may_have(name: str) -> bool:
    """Whether a certificate for this name may be issued."""
    label, _dot, domain_name = name.lower().removesuffix(".").partition(".")
    if len(name) > LONGEST_NAME or not name.isascii() or "\0" in name or not domain_name:
        return False
    domains = SendingDomain.objects.filter(
        name=domain_name, custom_domain_tracking_enabled=True, deleted_at=None
    ).exclude(compliance_status=SendingDomain.Compliance.SUSPENDED)
    return DnsRecord.objects.filter(
        domain__in=domains, key=RecordKey.LINK, name=label, status=DnsRecord.Status.PASS
    ).exists()
