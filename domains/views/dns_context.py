"""What the records' page says about where to enter them: the provider with its steps, the zone, the findings."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from domains.dns_hosts import DnsHost, dns_hosts, hosts_of
from domains.doctor.findings import zone_of
from domains.doctor.remarks import remarks
from domains.models import SendingDomain

ANY = "any"
"""`?provider=any`: which one, is still to be chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider to choose, by a link that works without script."""

    host: DnsHost
    url: str
    is_chosen: bool


def dns_context(request: HttpRequest, domain: SendingDomain, here: str) -> dict[str, Any]:
    """For `domains/_records.html` on the page `here`. The choice of a provider stands in the address (`?provider=`), as
    does `?names=`."""
    guessed = hosts_of(domain.nameservers)
    wanted = request.GET.get("provider", "")
    chosen = dns_hosts().get(wanted)
    kept = {"names": "full"} if request.GET.get("names") == "full" else {}

    def address(provider: str) -> str:
        return f"{here}?{urlencode({**kept, 'provider': provider})}#dns-steps"

    zone = zone_of(domain.dns_findings)
    asked = kept | ({"provider": wanted} if chosen or wanted == ANY else {})
    return {
        "page_query": f"?{urlencode(asked)}" if asked else "",
        "dns_host": chosen or (guessed[0] if len(guessed) == 1 else None),
        "dns_guess": _(" or ").join(host.name for host in guessed),
        "dns_steps_open": chosen is not None,
        "dns_steps_url": address(guessed[0].key) if guessed else "",
        "dns_other_url": address(ANY),
        "dns_choosing": wanted == ANY or len(guessed) > 1,
        "dns_choices": [Choice(host, address(host.key), host == chosen) for host in dns_hosts().values()],
        "dns_zone": zone if zone and zone != domain.name else "",
        "dns_remarks": remarks(domain.dns_findings),
        "provider": wanted if chosen or wanted == ANY else "",
    }
