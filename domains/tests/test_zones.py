"""The platform's zone and the demo zone, answered from the database."""

from io import StringIO

import dns.message
import dns.rcode
import dns.zone
import pytest
from django.conf import settings
from django.core.management import call_command

from domains.models import ZoneRecord
from domains.nameserver import answer
from domains.setup import publish_in_demo_zone
from domains.zones import DemoZone, PlatformZone, Zones
from mailtrap_site.testing.world import World, make_domain, make_platform

pytestmark = pytest.mark.django_db

PLATFORM = settings.PLATFORM_DOMAIN


def ask(name: str, rdtype: str, zones: Zones | None = None) -> tuple[str, list[str]]:
    """The rcode and the records of the last answer section, as text."""
    platform = PlatformZone(PLATFORM, "192.0.2.10")
    zones = zones or Zones(platform, DemoZone(), kept_seconds=0)
    response = answer(dns.message.make_query(name, rdtype), zones)
    last = [rdata.to_text() for rdata in response.answer[-1]] if response.answer else []
    return dns.rcode.to_text(response.rcode()), last


def test_a_published_dkim_name_leads_to_the_public_key(world: World) -> None:
    publish_in_demo_zone(world.domain)
    key = world.domain.dkim_keys.get(selector="mt1")
    for name in (f"mt1._domainkey.{world.domain.name}", f"mt1.{key.key_id}.dkim.{PLATFORM}"):
        rcode, (text,) = ask(name, "TXT")
        assert rcode == "NOERROR"
        assert text.replace('" "', "").strip('"') == f"v=DKIM1; k=rsa; p={key.public_key}"


def test_a_return_path_accepts_bounces_and_passes_spf(world: World) -> None:
    publish_in_demo_zone(world.domain)
    name = world.domain.return_path_domain
    assert ask(name, "MX") == ("NOERROR", [f"10 mx.{PLATFORM}."])
    assert ask(name, "TXT") == ("NOERROR", ['"v=spf1 ip4:192.0.2.10 ~all"'])
    assert ask(f"mx.{PLATFORM}", "A") == ("NOERROR", ["192.0.2.10"])


def test_the_platform_agrees_to_receive_reports_about_others() -> None:
    assert ask(f"shop.test._report._dmarc.{PLATFORM}", "TXT") == ("NOERROR", ['"v=DMARC1"'])


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        (PLATFORM, "SOA", "NOERROR"),
        (PLATFORM, "AAAA", "NOERROR"),
        (f"dkim.{PLATFORM}", "TXT", "NOERROR"),
        (f"unknown.dkim.{PLATFORM}", "TXT", "NXDOMAIN"),
        (f"mt1.unknown.dkim.{PLATFORM}", "TXT", "NXDOMAIN"),
        (f"nothing.{PLATFORM}", "A", "NXDOMAIN"),
        ("test", "SOA", "NOERROR"),
        ("nothing.test", "A", "NXDOMAIN"),
        ("nothing.example", "A", "NXDOMAIN"),
        ("unheard-of.net", "A", "REFUSED"),
        (".", "NS", "REFUSED"),
    ],
)
def test_names_are_found_denied_or_refused(name: str, rdtype: str, rcode: str) -> None:
    assert ask(name, rdtype)[0] == rcode


def test_a_key_id_is_a_name_without_data_and_its_selectors_are_its_own(world: World) -> None:
    key = world.domain.dkim_keys.get(selector="mt1")
    assert ask(f"{key.key_id}.dkim.{PLATFORM}", "TXT") == ("NOERROR", [])
    assert ask(f"mt2.{key.key_id}.dkim.{PLATFORM}", "TXT")[0] == "NXDOMAIN"


def test_a_domain_outside_the_reserved_names_is_denied_once_it_was_added(world: World) -> None:
    assert ask("mt07.brightwater.net", "CNAME")[0] == "REFUSED"
    domain = make_domain(world.account, "orders.brightwater.net", verified=False)
    assert ask("mt07.brightwater.net", "CNAME")[0] == "NXDOMAIN"
    publish_in_demo_zone(domain)
    assert ask(domain.return_path_domain, "CNAME") == ("NOERROR", [f"smtp.{PLATFORM}."])


def test_the_platforms_own_domain_publishes_its_records_by_itself() -> None:
    domain = make_platform().domains.get()
    assert ask(domain.return_path_domain, "CNAME") == ("NOERROR", [f"smtp.{PLATFORM}."])
    assert ask(f"_dmarc.{PLATFORM}", "TXT")[1][0].startswith('"v=DMARC1')
    key = domain.dkim_keys.get(selector="mt2")
    assert ask(f"mt2._domainkey.{PLATFORM}", "TXT")[1][0].startswith(f'"v=DKIM1; k=rsa; p={key.public_key[:20]}')
    assert ask(f"_domainkey.{PLATFORM}", "TXT") == ("NOERROR", [])


def test_without_a_demo_zone_only_the_platform_is_answered() -> None:
    zones = Zones(PlatformZone(PLATFORM, "192.0.2.10"), kept_seconds=0)
    assert ask(f"smtp.{PLATFORM}", "A", zones) == ("NOERROR", ["192.0.2.10"])
    assert ask("example.test", "A", zones)[0] == "REFUSED"


def test_an_answer_is_kept_for_its_second_and_asked_anew_afterwards() -> None:
    ZoneRecord.objects.create(name="shop.test", type="A", value="192.0.2.1")
    keeping = Zones(DemoZone(), kept_seconds=60)
    forgetting = Zones(DemoZone(), kept_seconds=0)
    assert ask("shop.test", "A", keeping) == ask("shop.test", "A", forgetting)
    ZoneRecord.objects.all().delete()
    assert ask("shop.test", "A", keeping) == ("NOERROR", ["192.0.2.1"])
    assert ask("shop.test", "A", forgetting)[0] == "NXDOMAIN"


def test_the_exported_zone_holds_what_the_server_answers(world: World) -> None:
    make_platform()
    exported = list(PlatformZone(PLATFORM, "192.0.2.10").exported())
    for name, record in exported:
        if not name.startswith("*") and record.type != "SOA":
            assert ask(name, record.type)[0] == "NOERROR"
            assert ask(name, record.type)[1], (name, record)
    assert f"mt1.{world.domain.dkim_keys.get(selector='mt1').key_id}.dkim.{PLATFORM}" in {name for name, _ in exported}


def test_the_zone_file_is_read_by_another_parser_as_what_the_server_answers(world: World) -> None:
    make_platform()
    written = StringIO()
    call_command("platform_zone", stdout=written)
    zone = dns.zone.from_text(written.getvalue(), relativize=False)
    key = world.domain.dkim_keys.get(selector="mt1")
    for name, rdtype in (
        (PLATFORM, "SOA"),
        (f"smtp.{PLATFORM}", "MX"),
        (f"mt1.{key.key_id}.dkim.{PLATFORM}", "TXT"),
        (f"mt1._domainkey.{PLATFORM}", "CNAME"),
    ):
        here = sorted(rdata.to_text() for rdata in zone.get_rdataset(f"{name}.", rdtype))
        assert here == sorted(ask(name, rdtype, Zones(PlatformZone(PLATFORM, "127.0.0.1"), kept_seconds=0))[1])
