"""The health page in a real browser: empty, healthy and troubled, in both themes, on a desk and on a phone."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from domains.models import SendingDomain
from domains.mta_sts import InboundTls, remember
from domains.nameserver import Record
from domains.tests.reports.plant import OUR_SIGNATURE, plant, plant_tls, publish_dmarc
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]
RECORD = "v=DMARC1; p={}; rua=mailto:dmarc@platform.test"


@pytest.fixture
def world(transactional_db: None) -> World:
    cache.clear()
    return make_world()


def troubled(domain: SendingDomain) -> None:
    publish_dmarc(domain, RECORD.format("none"))
    crm = {"dkim": [{"domain": "crm.example", "selector": "s1", "result": "pass"}]}
    plant(
        domain,
        {"emails": 610},
        {"address": "209.85.220.41", "emails": 9, "spf": False, "details": OUR_SIGNATURE},
        {"address": "2a01:111:f400:fe0e::60c:2104", "emails": 41, "spf": False, "details": crm},
        {"address": "198.51.100.77", "emails": 14, "dkim": False, "spf": False},
        days=26,
    )
    listed = {"reasons": [{"type": "mailing_list", "comment": ""}]}
    changed = {"address": "203.0.113.5", "emails": 3, "dkim": False, "spf": False, "details": listed}
    plant(domain, {"emails": 240}, changed, organization="Outlook.com", days=18)
    failed = {"result_type": "certificate-expired", "mx": "mail.example.test", "sending_ip": "192.0.2.1", "emails": 4}
    plant_tls(domain, [failed], successes=1_204)


def healthy(domain: SendingDomain) -> None:
    publish_dmarc(domain, RECORD.format("quarantine"))
    plant(domain, {"emails": 400}, policy="quarantine")
    servers = ("mail.clean.test", "backup.elsewhere.test")
    found = InboundTls(timezone.now(), servers, "testing", "uncovered", servers[1], 604_800, ("*.clean.test",))
    remember(domain, found)


@pytest.mark.timeout(300)
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer) -> None:
    clean = make_domain(world.account, "clean.test")
    empty = make_domain(world.account, "a-rather-long-name-of-a-subdomain.department.example.test")
    troubled(world.domain)
    healthy(clean)
    paths = {
        "troubled": f"{address(world.domain)}?days=30",
        "healthy": address(clean),
        "empty": address(empty),
    }
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for name, path in paths.items():
            page.goto(live_server.url + path)
            for fold in page.locator("details.fold").all():
                fold.locator("summary").click()
            assert flaws(page, f"health-{name}") == [], name


def test_the_period_and_the_check_work_with_and_without_scripts(world: World, live_server: LiveServer) -> None:
    troubled(world.domain)
    session = session_of(world.alice)
    zone = StoredZones({"example.test": [Record("MX", "10 mail.example.test.")]})
    with resolving(zone), chromium() as browser:
        for scripts in (True, False):
            context = browser.new_context(java_script_enabled=scripts)
            page = context.new_page()
            sign_in(page, live_server.url, session)
            page.goto(live_server.url + address(world.domain))
            page.get_by_role("link", name="7 days").click()
            assert "in the last 7 days" in page.get_by_role("heading", level=1).inner_text()
            page.get_by_role("button", name="Check MTA-STS").click()
            page.get_by_text("There is no policy.").wait_for(timeout=15_000)
            assert page.locator("#inbound-tls").count() == 1
            context.close()


def address(domain: SendingDomain) -> str:
    return reverse("domains:health", args=[domain.account_id, domain.pk])
