"""What a receiver asks before it sends a domain's reports to a foreign address (RFC 7489 section 7.1)."""

import dns.resolver
import pytest

from domains.zones import PlatformZone, Zones
from mailtrap_site.testing.fake_dns import serving
from mailtrap_site.testing.world import make_platform

pytestmark = pytest.mark.django_db(transaction=True)


def agrees(server: str, domain: str, destination: str) -> bool:
    """Steps 2 to 5 of the section, with a resolver of its own."""
    host, _, port = server.partition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [host], int(port), 5
    try:
        answer = resolver.resolve(f"{domain}._report._dmarc.{destination}", "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return False
    texts = [b"".join(rdata.strings).decode() for rdata in answer]
    return any(text.partition(";")[0].replace(" ", "") == "v=DMARC1" for text in texts)


@pytest.mark.parametrize(
    "domain", ["example.test", "mail.shop.example.test", "xn--bcher-kva.test", "a.b.c.d.e.f.far.test", "test"]
)
def test_our_name_server_agrees_for_every_domain(domain: str) -> None:
    with serving(Zones(PlatformZone("platform.test", "192.0.2.1"))) as server:
        assert agrees(server, domain, "platform.test")


def test_it_agrees_nowhere_else_and_beside_the_platforms_own_policy() -> None:
    make_platform()
    with serving(Zones(PlatformZone("platform.test", "192.0.2.1"))) as server:
        assert agrees(server, "example.test", "platform.test")
        assert not agrees(server, "example.test", "smtp.platform.test")
