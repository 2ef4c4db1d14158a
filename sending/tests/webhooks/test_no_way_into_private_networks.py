"""A webhook reaches public addresses on ports 80 and 443 alone: when it is saved, and at each request again."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from domains.nameserver import Record
from domains.pinned_http import Place, ask
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.webhook_sink import Sink, listening
from mailtrap_site.testing.world import World
from sending.models import WebhookEndpoint
from sending.tests.webhooks.conftest import Happen
from sending.webhooks.claim import claim, record
from sending.webhooks.endpoints import By, Refused, Wanted, change, create
from sending.webhooks.posting import post
from sending.webhooks.targets import UrlRefused, checked_addresses, read_url

pytestmark = pytest.mark.django_db

PUBLIC = "93.184.215.14"


def zone(**names: str) -> StoredZones:
    """Addresses by host name, with `_` for a dot."""
    return StoredZones(
        {
            name.replace("_", "."): [Record("AAAA" if ":" in one else "A", one) for one in address.split()]
            for name, address in names.items()
        }
    )


def wanted(url: str, **changes: Any) -> Wanted:
    return Wanted(url=url, sending_stream="transactional", event_types=["delivery"], **changes)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("shop.test/hooks", "scheme"),
        ("ftp://shop.test/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://shop.test/", "scheme"),
        ("https://", "shape"),
        ("https:///hooks", "shape"),
        ("https://shop.test:8080/", "port"),
        ("https://shop.test:22/", "port"),
        ("https://shop.test:0/", "port"),
        ("https://shop.test:x/", "shape"),
        ("https://shop.test:99999/", "shape"),
        ("https://shop.test/#top", "fragment"),
        ("https://shop.test/a b", "shape"),
        ("https://shop.test/a\nHost:evil", "shape"),
        ("https://shop.test\\@127.0.0.1/", "shape"),
        ("https://shop.test/ü", "shape"),
        ("https://sh<op>.test/", "shape"),
        ("https://[fe80::1%25eth0]/", "shape"),
        ("https://[::1/", "shape"),
        ("https://shop.test/" + "x" * 2000, "too_long"),
        ("http://127.0.0.1/", "not_public"),
        ("http://localhost/", "not_public"),
        ("http://api.localhost/", "not_public"),
        ("http://LOCALHOST./", "not_public"),
        ("http://0.0.0.0/", "not_public"),
        ("http://10.1.2.3/", "not_public"),
        ("http://172.16.0.1/", "not_public"),
        ("http://192.168.1.1/", "not_public"),
        ("http://100.64.0.1/", "not_public"),
        ("http://169.254.169.254/latest/meta-data/", "not_public"),
        ("http://224.0.0.1/", "not_public"),
        ("http://255.255.255.255/", "not_public"),
        ("http://[::1]/", "not_public"),
        ("http://[::]/", "not_public"),
        ("http://[fe80::1]/", "not_public"),
        ("http://[fc00::1]/", "not_public"),
        ("http://[::ffff:127.0.0.1]/", "not_public"),
        ("http://[::ffff:a00:1]/", "not_public"),
        ("http://[64:ff9b::7f00:1]/", "not_public"),
        ("http://[2002:7f00:1::]/", "not_public"),
        ("http://2130706433/", "no_host"),
        ("http://0x7f.1/", "no_host"),
        ("http://0177.0.0.1/", "no_host"),
        ("http://127.1/", "no_host"),
        ("https://inside.test/", "not_public"),
        ("https://inside6.test/", "not_public"),
        ("https://user:pw@inside.test/", "not_public"),
        ("https://nowhere.test/", "no_host"),
    ],
)
def test_what_leads_nowhere_public_is_not_saved(world: World, url: str, fault: str) -> None:
    with resolving(zone(inside_test="10.0.0.7", inside6_test="fd00::7")):
        with pytest.raises(UrlRefused) as refused:
            checked_addresses(read_url(url))
        assert refused.value.fault == fault
        assert "%(" not in refused.value.sentence
        with pytest.raises(Refused) as whole:
            create(world.account, wanted(url), By())
    assert list(whole.value.errors) == ["url"]
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://shop.test", "shop.test", 443, "/"),
        ("https://shop.test:80/x", "shop.test", 80, "/x"),
        ("http://Shop.TEST/a?b=c&d=%20", "shop.test", 80, "/a?b=c&d=%20"),
        ("https://bücher.test/", "xn--bcher-kva.test", 443, "/"),
        (f"https://{PUBLIC}/", PUBLIC, 443, "/"),
        ("https://[2606:2800:21f:cb07::1]/", "2606:2800:21f:cb07::1", 443, "/"),
        ("https://hooks_in.shop.test/", "hooks_in.shop.test", 443, "/"),
    ],
)
def test_public_places_are_taken(url: str, host: str, port: int, path: str) -> None:
    target = read_url(url)
    assert (target.host, target.port, target.path) == (host, port, path)


def test_of_several_addresses_only_public_ones_are_asked() -> None:
    with resolving(zone(both_test=f"10.0.0.7 {PUBLIC}")):
        assert checked_addresses(read_url("https://both.test/")) == (PUBLIC,)


def test_a_name_that_changes_its_mind_after_it_was_saved_gains_nothing(world: World, happen: Happen) -> None:
    """DNS rebinding: public when it was saved, this machine when it is used."""
    sink = Sink()
    with listening([sink]):
        with resolving(zone(shop_test=PUBLIC)):
            endpoint = create(world.account, wanted("http://shop.test/"), By())
        happen("delivery")
        with resolving(zone(shop_test="127.0.0.1")):
            [one] = claim(timezone.now(), most=1)
            posted = post(one.request)
            record(one, posted, timezone.now())
    assert (posted.status, posted.problem, posted.address) == (None, "not_public", None)
    assert sink.told == []
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).failures == 1


def test_the_connection_goes_to_the_address_that_was_judged(sink: Sink) -> None:
    """The name is asked once; whatever it says a moment later is not heard."""
    with resolving(zone(shop_test="203.0.113.9")):
        place = Place("shop.test", "/pinned", ("127.0.0.1",), sink.port, is_tls=False)
        answer = ask(place, method="POST", headers={"Content-Type": "application/json"}, body=b'{"events":[]}',
                     most_octets=100, seconds=5)  # fmt: skip
    assert answer.status == 200
    assert sink.told[0].headers["Host"] == f"shop.test:{sink.port}"


def test_nobody_is_redirected(happen: Happen, make_endpoint, sink: Sink) -> None:
    inside = Sink()
    with listening([inside]):
        make_endpoint()
        happen("delivery")
        for status in (301, 302, 307, 308):
            sink.statuses, sink.headers = [status], {"Location": inside.url}
            [one] = claim(timezone.now(), most=1)
            assert post(one.request).status == status
            WebhookEndpoint.objects.update(lease_until=None)
    assert inside.told == []


def test_other_ports_and_loopback_are_for_playgrounds_alone(world: World, make_endpoint, sink: Sink) -> None:
    endpoint = make_endpoint()
    environment = replace(settings.ENVIRONMENT, outbound_public_only=True)
    with override_settings(ENVIRONMENT=environment), pytest.raises(Refused):
        create(world.account, wanted(endpoint.url), By())


def test_a_change_to_a_private_place_is_refused_and_other_changes_ask_no_dns(world: World) -> None:
    with resolving(zone(shop_test=PUBLIC)):
        endpoint = create(world.account, wanted("https://shop.test/"), By())
        with pytest.raises(Refused):
            change(endpoint, wanted("https://127.0.0.1/"), By())
    with resolving(zone()):
        assert change(endpoint, wanted("https://shop.test/", payload_format="jsonlines"), By())
    assert WebhookEndpoint.objects.get().format == "jsonlines"
