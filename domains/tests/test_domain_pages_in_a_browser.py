"""The set-up of a domain in a real browser: axe finds nothing in any state, and an open page follows by itself."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from domains.models import CompanyInfo, ComplianceReview, DnsRecord, SendingDomain
from domains.nameserver import Record
from domains.sharing import setup_path
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

Compliance = SendingDomain.Compliance


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def in_every_state(world: World) -> dict[str, SendingDomain]:
    """A domain at each step of its way, and in each trouble."""
    now = timezone.now()
    facts: dict[str, dict[str, object]] = {
        "new": {"dns_verified_at": None, "compliance_status": Compliance.UNVERIFIED_DNS},
        "sender": {"compliance_status": Compliance.MISSING_COMPANY_INFO},
        "review": {"compliance_status": Compliance.UNDER_REVIEW},
        "questions": {"compliance_status": Compliance.AWAITING_QUESTIONNAIRE},
        "rejected": {"compliance_status": Compliance.NON_COMPLIANT},
        "suspended": {"compliance_status": Compliance.SUSPENDED},
        "approved": {"approved_at": now},
        "settled": {"approved_at": now, "first_email_at": now},
        "drifting": {"approved_at": now, "first_email_at": now, "records_gone_since": now - timedelta(hours=9)},
    }
    domains = {}
    for state, columns in facts.items():
        domain = make_domain(world.account, f"{state}.brightwater.example")
        SendingDomain.objects.filter(pk=domain.pk).update(**({"approved_at": None} | columns))
        domains[state] = domain
    ComplianceReview.objects.create(domain=domains["rejected"], state="rejected", reason="The website is empty.")
    broken = domains["new"].dns_records.get(key="dkim2")
    domains["new"].dns_records.filter(key__in=["verification", "dkim1"]).update(status=DnsRecord.Status.PASS)
    domains["new"].dns_records.filter(key__in=["dmarc", "link_verification"]).update(
        status=DnsRecord.Status.MISSING, advice="not_found"
    )
    domains["new"].dns_records.filter(pk=broken.pk).update(
        status=DnsRecord.Status.FAIL, advice="value_doubled", observed=[f"{broken.value}.new.brightwater.example"]
    )
    domains["drifting"].dns_records.filter(key="dmarc").update(status=DnsRecord.Status.MISSING, advice="not_found")
    return domains


def stands(page: Page, address: str, said: list[str]) -> None:
    page.goto(address)
    assert flaws(page) == [], address
    assert said == [], address


def listen(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_every_state_stands_on_desk_and_phone(world: World, live_server: LiveServer) -> None:
    domains = in_every_state(world)
    session = session_of(world.alice)
    paths = [reverse("domains:detail", args=[world.account.pk, domain.pk]) for domain in domains.values()]
    paths += [reverse("domains:list", args=[world.account.pk])]
    paths += [reverse("domains:share", args=[world.account.pk, domains["new"].pk])]
    with chromium() as browser:
        page = open_page(browser)
        said = listen(page)
        for path in (setup_path(domains["new"]), setup_path(domains["settled"])):
            stands(page, live_server.url + path, said)
        page.goto(live_server.url + "/setup/changed/")
        assert flaws(page) == []
        said.clear()
        sign_in(page, live_server.url, session)
        for path in paths:
            stands(page, live_server.url + path, said)


def test_an_open_page_goes_from_step_to_step_without_a_reload(world: World, live_server: LiveServer) -> None:
    domain = make_domain(world.account, "shop.test", verified=False)
    CompanyInfo.objects.create(account=world.account, name="Acme Ltd")
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()})
    session = session_of(world.alice)
    address = live_server.url + reverse("domains:detail", args=[world.account.pk, domain.pk])
    visitor_address = live_server.url + setup_path(domain)
    with chromium() as browser, resolving(zone):
        page, colleague = open_page(browser), open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(address)
        colleague.goto(visitor_address)
        expect(page.locator("#records.step-current")).to_be_visible()
        colleague.click("#check-now")
        expect(colleague.locator("h1")).to_have_text("All records of shop.test stand")
        # The page of the account has not been touched.
        expect(page.locator("#records.step-done")).to_be_visible(timeout=15_000)
        expect(page.locator("h1")).to_have_text("shop.test is verified")
        page.click("text=Send a test email")
        expect(page.locator(".toast")).to_contain_text("The test email was accepted.")
        page.goto(address)
        expect(page.locator(".step-done")).to_have_count(5)
        assert page.get_attribute("#domain", "hx-get") is None


def test_the_records_reach_a_colleague_from_the_page(world: World, live_server: LiveServer) -> None:
    domain = make_domain(world.account, "shop.test", verified=False)
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("domains:detail", args=[world.account.pk, domain.pk]))
        page.click("text=Email them to a colleague")
        page.fill("[name=email]", "nobody@")
        page.evaluate("document.querySelector('#share-domain').noValidate = true")
        page.click("text=Send the letter")
        expect(page.locator("#share-domain")).to_contain_text("nobody@ is no email address.")
        page.fill("[name=email]", "dns@reader.test")
        page.click("text=Send the letter")
        expect(page.locator(".toast")).to_contain_text("The records were sent to dns@reader.test.")
