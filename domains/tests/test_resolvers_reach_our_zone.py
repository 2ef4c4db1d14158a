"""unbound in front, as a receiver has it: strict about case, names between and denials. The customer's zone is knot's.

The whole way is walked: the customer's CNAME in another zone on another server, and our name server behind it.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest
from django.conf import settings
from django.db import connection

from domains import keys
from domains.models import SendingDomain
from domains.nameserver import Record, ZoneSource
from domains.zones import Zones, platform_zone
from mailtrap_site.testing.dns_servers import KNOT, SEARCH_PATH, Zone, free_port, knot
from mailtrap_site.testing.fake_dns import serving
from mailtrap_site.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.outside("knotd", "unbound", "dig")]

PLATFORM = settings.PLATFORM_DOMAIN
CUSTOMER = "example.test"


@pytest.fixture
def domain(world: World) -> SendingDomain:
    keys.choose_ed25519(world.domain, enabled=True)
    return SendingDomain.objects.get(pk=world.domain.pk)


@pytest.fixture
def resolver(domain: SendingDomain, tmp_path: Path) -> Iterator[int]:
    """The port of an unbound that finds the customer's zone at knot and the platform's at ours."""
    lines = [f"$ORIGIN {CUSTOMER}.", "$TTL 60", f"@ SOA ns1.{CUSTOMER}. h.{CUSTOMER}. 1 3600 600 604800 30"]
    lines += [f"@ NS ns1.{CUSTOMER}.", f"ns1 A {KNOT}"]
    for record in domain.dns_records.all():
        value = f'"{record.value}"' if record.type == "TXT" else f"{record.value}."
        lines.append(f"{record.name} {record.type} {value}")
    port = free_port()
    with (
        serving(_with_long_text(Zones(platform_zone(), kept_seconds=0))) as ours,
        knot([Zone(CUSTOMER, "\n".join(lines) + "\n")], port, tmp_path),
        strict_unbound({CUSTOMER: f"{KNOT}@{port}", PLATFORM: ours.replace(":", "@")}, tmp_path) as found,
    ):
        yield found


def _with_long_text(zones: Zones) -> ZoneSource:
    """One name more, whose answer has no room in any datagram."""
    known = zones.records

    def records(name: str) -> list[Record]:
        if name == f"long.{PLATFORM}":
            return [Record("TXT", f"{number:03d}" + "x" * 200) for number in range(20)]
        return known(name)

    zones.records = records  # type: ignore[method-assign]
    return zones


@contextmanager
def strict_unbound(stubs: dict[str, str], directory: Path) -> Iterator[int]:
    port = free_port()
    lines = [
        "server:",
        f'  directory: "{directory}"\n  chroot: ""\n  username: ""\n  pidfile: "{directory}/strict.pid"',
        "  use-syslog: no",
        f"  interface: 127.0.0.1@{port}\n  access-control: 127.0.0.0/8 allow\n  do-not-query-localhost: no",
        '  module-config: "validator iterator"\n  num-threads: 1\n  do-ip6: no\n  local-zone: "test." nodefault',
        "  use-caps-for-id: yes\n  qname-minimisation: yes\n  qname-minimisation-strict: yes",
        "  harden-below-nxdomain: yes\n  harden-referral-path: yes\n  harden-large-queries: yes",
        "  harden-short-bufsize: yes\n  edns-buffer-size: 1232\nremote-control:\n  control-enable: no",
    ]
    for name, address in stubs.items():
        lines += ["stub-zone:", f'  name: "{name}."', f"  stub-addr: {address}", "  stub-prime: no"]
    config = directory / "strict.conf"
    config.write_text("\n".join(lines) + "\n")
    program = shutil.which("unbound", path=SEARCH_PATH)
    assert program is not None
    with (directory / "strict.out").open("wb") as output:
        process = subprocess.Popen([program, "-d", "-c", str(config)], stdout=output, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + 15
            while True:
                try:
                    dns.query.udp(dns.message.make_query("localhost", "A"), "127.0.0.1", 0.5, port)
                    break
                except (OSError, dns.exception.DNSException):
                    if process.poll() is not None or time.monotonic() > until:
                        pytest.fail((directory / "strict.out").read_text()[-2000:])
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def dig(port: int, *question: str) -> list[str]:
    command = ["dig", "@127.0.0.1", "-p", str(port), "+tries=1", "+time=8", "+short", *question]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()


def ask(port: int, name: str, rdtype: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, rdtype), "127.0.0.1", 8, port)


def test_a_receiver_finds_each_key_behind_the_customers_names(domain: SendingDomain, resolver: int) -> None:
    for key in domain.dkim_keys.all():
        target, text = dig(resolver, f"{key.selector}._domainkey.{CUSTOMER}", "TXT")
        assert target == f"{key.selector}.{key.key_id}.dkim.{PLATFORM}."
        kind = "ed25519" if key.selector == "mt3" else "rsa"
        assert text.replace('" "', "").strip('"') == f"v=DKIM1; k={kind}; p={key.public_key}"


def test_bounces_spf_and_links_are_found_behind_the_customers_names(domain: SendingDomain, resolver: int) -> None:
    address = settings.ENVIRONMENT.platform_ipv4
    assert dig(resolver, domain.return_path_domain, "MX") == [f"smtp.{PLATFORM}.", f"10 mx.{PLATFORM}."]
    assert dig(resolver, domain.return_path_domain, "TXT") == [f"smtp.{PLATFORM}.", f'"v=spf1 ip4:{address} ~all"']
    assert dig(resolver, f"mx.{PLATFORM}", "A") == [address]
    assert dig(resolver, f"mt-link.{CUSTOMER}", "A") == [f"t.{PLATFORM}.", address]
    assert dig(resolver, f"{CUSTOMER}._report._dmarc.{PLATFORM}", "TXT") == ['"v=DMARC1"']


def test_a_replaced_key_is_seen_through_the_resolver_once_its_time_is_over(
    domain: SendingDomain, resolver: int
) -> None:
    fresh = keys.replace(domain)
    _target, text = dig(resolver, f"mt2._domainkey.{CUSTOMER}", "TXT")
    assert text.replace('" "', "").endswith(f'{fresh.public_key}"')
    connection.close()


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        (f"dkim.{PLATFORM}", "TXT", dns.rcode.NOERROR),
        (f"_report._dmarc.{PLATFORM}", "TXT", dns.rcode.NOERROR),
        (f"smtp.{PLATFORM}", "SRV", dns.rcode.NOERROR),
        (f"smtp.{PLATFORM}", "TYPE65280", dns.rcode.NOERROR),
        (f"mt9.unknown.dkim.{PLATFORM}", "TXT", dns.rcode.NXDOMAIN),
        (f"nothing.{PLATFORM}", "A", dns.rcode.NXDOMAIN),
    ],
)
def test_a_resolver_tells_a_missing_name_from_a_missing_type(
    resolver: int, name: str, rdtype: str, rcode: dns.rcode.Rcode
) -> None:
    response = ask(resolver, name, rdtype)
    assert (response.rcode(), response.answer) == (rcode, [])
    assert [str(rrset.name) for rrset in response.authority] == [f"{PLATFORM}."]


def test_what_has_no_room_in_a_datagram_is_fetched_by_tcp(resolver: int) -> None:
    assert len(dig(resolver, f"long.{PLATFORM}", "TXT")) == 20
