"""The exported zone in name servers that others wrote: each of them answers every question as we do."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from domains import keys
from domains.models import DkimKey, SendingDomain
from domains.nameserver import respond
from domains.platform_hosts import PlatformHosts
from domains.zones import PlatformZone, Zones, platform_zone
from mailtrap_site.testing import dns_servers
from mailtrap_site.testing.dns_servers import KNOT, NSD, Zone, free_port
from mailtrap_site.testing.world import World, make_platform

pytestmark = pytest.mark.django_db

PLATFORM = settings.PLATFORM_DOMAIN
TYPES = ("A", "AAAA", "NS", "MX", "TXT", "CNAME", "SOA", "SRV", "CAA", "TYPE65280")


@pytest.fixture
def questions(world: World) -> list[tuple[str, str]]:
    """Every name of a zone that has all that one of ours can have, what lies between them, and names that it lacks."""
    platform = make_platform().domains.get()
    for domain in (world.domain, platform):
        keys.choose_ed25519(domain, enabled=True)
    keys.choose_mode(SendingDomain.objects.get(pk=platform.pk), "direct")
    keys.replace(world.domain)
    DkimKey.objects.filter(domain=world.stranger_domain).update(retired_at=timezone.now())
    names = {name for name, _record in platform_zone().exported()}
    for name in list(names):
        above = name
        while above != PLATFORM:
            above = above.partition(".")[2]
            names.add(above)
    absent = {f"{below}.{name}" for name in names for below in ("missing", "deeper.missing")}
    gone = DkimKey.objects.filter(domain=world.stranger_domain).first()
    assert gone
    names |= {
        f"{gone.key_id}.dkim.{PLATFORM}",
        f"mt1.{gone.key_id}.dkim.{PLATFORM}",
        f"shop.test._report._dmarc.{PLATFORM}",
        f"a.b.c._report._dmarc.{PLATFORM}",
        f"MT1.{world.domain.dkim_keys.filter(selector='mt1')[0].key_id.upper()}.DKIM.{PLATFORM}",
    }
    return [
        *((name, rdtype) for name in sorted(names) for rdtype in TYPES),
        *((name, rdtype) for name in sorted(absent) for rdtype in ("A", "TXT")),
    ]


@pytest.fixture(params=["knot", "nsd"])
def elsewhere(
    request: pytest.FixtureRequest, questions: list[tuple[str, str]], tmp_path: Path
) -> Iterator[tuple[str, int]]:
    """Where another server answers for the export."""
    written = StringIO()
    call_command("platform_zone", stdout=written)
    port = free_port()
    start = dns_servers.knot if request.param == "knot" else dns_servers.nsd
    with start([Zone(PLATFORM, written.getvalue())], port, tmp_path):
        yield (KNOT if request.param == "knot" else NSD), port


@pytest.mark.outside("knotd", "nsd")
def test_every_answer_is_theirs(questions: list[tuple[str, str]], elsewhere: tuple[str, int]) -> None:
    different, zone = [], Zones(platform_zone(), kept_seconds=600)
    for name, rdtype in questions:
        query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
        ours = respond(query.to_wire(), zone, "udp")
        assert ours is not None
        mine, theirs = told(dns.message.from_wire(ours)), told(dns.query.udp(query, elsewhere[0], 5, elsewhere[1]))
        if mine != theirs:
            different.append((name, rdtype, mine, theirs))
    assert different == []
    assert len(questions) > 300


def told(response: dns.message.Message) -> tuple[str, bool, list[str], list[str]]:
    """The verdict, whether it is authoritative, the answer in any order, and the SOA of a denial without its serial."""
    answer = [
        f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {without_serial(rdata)}"
        for rrset in response.answer
        for rdata in rrset
    ]
    denial = [
        f"{rrset.name} {rrset.ttl} {without_serial(rrset[0])}"
        for rrset in response.authority
        if rrset.rdtype == dns.rdatatype.SOA
    ]
    return (
        dns.rcode.to_text(response.rcode()),
        bool(response.flags & dns.flags.AA),
        sorted(one.lower() for one in answer),
        denial,
    )


def without_serial(rdata) -> str:
    return rdata.replace(serial=0).to_text() if rdata.rdtype == dns.rdatatype.SOA else rdata.to_text()


def test_each_export_has_a_serial_that_secondaries_follow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serials = []
    for moment in (1_795_000_000.5, 1_795_000_001.9):
        monkeypatch.setattr("domains.zones.time.time", lambda moment=moment: moment)
        serials.append(int(next(iter(platform_zone().exported()))[1].value.split()[2]))
    assert serials == [1_795_000_000, 1_795_000_001]


def test_the_serial_that_we_answer_follows_the_keys(world: World) -> None:
    def serial() -> int:
        return int(platform_zone().records(PLATFORM)[0].value.split()[2])

    before = serial()
    DkimKey.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert serial() < before
    keys.replace(world.domain)
    assert serial() >= before


def test_name_servers_addresses_and_senders_are_settings() -> None:
    more = PlatformHosts(
        ipv6="2001:db8::10",
        name_servers=((f"ns1.{PLATFORM}", ""), (f"ns2.{PLATFORM}", "198.51.100.2"), ("ns.elsewhere.net", "")),
        senders=(("", "192.0.2.11"), (f"mta1.{PLATFORM}", "192.0.2.12"), (f"mta1.{PLATFORM}", "2001:db8::12")),
        spf=("include:_spf.relay.example",),
    )
    zone = PlatformZone(PLATFORM, "192.0.2.10", more)
    stored = {name: [(one.type, one.value) for one in zone.records(name)] for name, _ in zone.exported()}
    both = [("A", "192.0.2.10"), ("AAAA", "2001:db8::10")]
    assert [value for kind, value in stored[PLATFORM] if kind == "NS"] == [
        f"ns1.{PLATFORM}",
        f"ns2.{PLATFORM}",
        "ns.elsewhere.net",
    ]
    assert stored[f"ns1.{PLATFORM}"] == stored[f"mx.{PLATFORM}"] == both
    assert stored[f"ns2.{PLATFORM}"] == [("A", "198.51.100.2")]
    assert "ns.elsewhere.net" not in stored
    assert stored[f"mta1.{PLATFORM}"] == [("A", "192.0.2.12"), ("AAAA", "2001:db8::12")]
    [spf] = [value for kind, value in stored[f"smtp.{PLATFORM}"] if kind == "TXT"]
    assert spf == (
        "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:192.0.2.11 ip4:192.0.2.12 ip6:2001:db8::12"
        " include:_spf.relay.example ~all"
    )
