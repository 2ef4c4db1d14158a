"""The pages of settings and of the demo domain in a real browser: they fit a phone, axe finds nothing, a save holds."""

import pytest
from pytest_django.live_server_helper import LiveServer

from domains import demo
from domains.models import DnsRecord, SendingDomain
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.timeout(240)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(world: World, live_server: LiveServer) -> None:
    world.domain.dns_records.filter(key="link_verification").update(status=DnsRecord.Status.MISSING)
    own, used_up = demo.make(world.account), demo.make(world.stranger_account)
    assert own is not None
    assert used_up is not None
    SendingDomain.objects.filter(pk=used_up.pk).update(demo_emails_left=0, compliance_status="demo_exhausted")
    base = f"/a/{world.account.pk}/"
    alice = [f"domains/{world.domain.pk}/settings/", "domains/", f"domains/{own.pk}/", f"domains/{own.pk}/delete/"]
    visits = [
        (session_of(world.alice), [f"{base}{rest}" for rest in alice]),
        (session_of(world.vera), [f"{base}domains/{world.domain.pk}/settings/", f"{base}domains/{own.pk}/"]),
        (session_of(world.charlie), [f"/a/{world.stranger_account.pk}/domains/{used_up.pk}/"]),
    ]
    with chromium() as browser:
        for session, paths in visits:
            page = open_page(browser)
            sign_in(page, live_server.url, session)
            for path in paths:
                page.goto(live_server.url + path)
                assert flaws(page) == [], path


def test_a_bad_address_stays_on_the_page_until_it_is_put_right(world: World, live_server: LiveServer) -> None:
    url, session = (
        f"{live_server.url}/a/{world.account.pk}/domains/{world.domain.pk}/settings/",
        session_of(world.alice),
    )
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(url)
        page.get_by_label("Require TLS").check()
        page.get_by_label("Send alerts to").fill("ops@acme")
        page.get_by_role("button", name="Save the settings").click()
        assert page.get_by_text("This is no email address.").is_visible()
        assert page.get_by_label("Require TLS").is_checked()
        assert flaws(page) == []
        page.get_by_label("Send alerts to").fill("ops@acme.test")
        page.get_by_role("button", name="Save the settings").click()
        assert page.get_by_text("The settings of example.test were saved.").is_visible()
    domain = SendingDomain.objects.get(pk=world.domain.pk)
    assert (domain.require_tls, domain.alert_recipient) == (True, "ops@acme.test")
