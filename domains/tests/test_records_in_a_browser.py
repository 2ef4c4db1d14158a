"""The records' page in a browser: hint, steps and answers stand in both themes, as wide as a desk and as a phone."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from domains.models import SendingDomain
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_domain, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]


def seen(values: list[str], ttl: int, late: list[str] | None = None) -> list[dict[str, object]]:
    servers = [("fay.ns.cloudflare.com", "authoritative"), ("rob.ns.cloudflare.com", "authoritative")]
    resolvers = [("1.1.1.1", "resolver"), ("8.8.8.8", "resolver")]
    rows = [(server, kind, values) for server, kind in [*servers, *resolvers]]
    if late is not None:
        rows[3] = ("8.8.8.8", "resolver", late)
    return [
        {"server": s, "kind": k, "outcome": "found" if v else "nxdomain", "values": v, "ttl": ttl} for s, k, v in rows
    ]


def make_troubled(world: World) -> SendingDomain:
    """A domain at Cloudflare with one mistake of each look."""
    domain = make_domain(world.account, "orders.shop.test", verified=False)
    domain.nameservers = ["fay.ns.cloudflare.com", "rob.ns.cloudflare.com"]
    domain.dns_findings = [
        {"code": "zone", "params": {"apex": "shop.test"}},
        {"code": "spf_lookups", "params": {"count": 14}},
        {"code": "lame", "params": {"servers": "rob.ns.cloudflare.com"}},
    ]
    domain.checked_at = timezone.now()
    domain.save()
    proxied = ["A 104.16.7.8", "AAAA 2606:4700::6810:708"]
    facts = {
        "verification": ("fail", "proxied", proxied, seen([], 300)),
        "dkim1": ("pass", "stale", ["x"], seen(["mt1.x.dkim.platform.test"], 2520, late=["old.platform.test"])),
        "dkim2": ("softfail", "servers_disagree", [], seen(["mt2.x.dkim.platform.test"], 300, late=[])),
        "dmarc": ("pass", "dmarc_inherited", ["shop.test", "v=DMARC1; p=reject"], seen([], 3600)),
        "link_verification": ("missing", "not_found", [], seen([], 1800)),
    }
    for record in domain.dns_records.all():
        record.status, record.advice, record.observed, record.seen = facts[record.key]
        record.checked_at = domain.checked_at
        record.save()
    return domain


def test_hint_steps_and_answers_stand(live_server: LiveServer) -> None:
    world = make_world()
    domain = make_troubled(world)
    session = session_of(world.alice)
    url = f"{live_server.url}/a/{world.account.pk}/domains/{domain.pk}/"
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for place in ("", "?provider=cloudflare", "?provider=any&names=full"):
            page.goto(url + place)
            if place:
                page.locator("details.fold").evaluate_all("all => all.forEach(one => one.open = true)")
            assert flaws(page) == [], place


def test_what_was_unfolded_stays_so_when_news_arrives_and_the_choice_is_kept(live_server: LiveServer) -> None:
    world = make_world()
    domain = make_troubled(world)
    session = session_of(world.alice)
    url = f"{live_server.url}/a/{world.account.pk}/domains/{domain.pk}/"
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(url)
        expect(page.get_by_text("Your DNS seems to be at Cloudflare")).to_be_visible()
        page.get_by_role("link", name="I use another provider").click()
        page.get_by_role("link", name="GoDaddy").click()
        expect(page.get_by_text("Domain Portfolio")).to_be_visible()
        page.get_by_text("What each server answered").first.click()
        expect(page.get_by_role("rowheader", name="1.1.1.1").first).to_be_visible()
        page.evaluate(
            "htmx.ajax('GET', location.pathname + '?seen=old&provider=godaddy', {target: '#domain', swap: 'outerHTML'})"
        )
        page.wait_for_timeout(1500)
        expect(page.get_by_role("rowheader", name="1.1.1.1").first).to_be_visible()
        expect(page.get_by_text("Domain Portfolio")).to_be_visible()
