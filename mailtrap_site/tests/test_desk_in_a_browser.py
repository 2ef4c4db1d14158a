"""The desk's first page, a tenant's page, the search and a visit, in every look."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import standing
from accounts.models import User
from billing.models import SupportRequest
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.models import IncomingReport, QueuePause
from sending.tests.stats.counting import happen

OF_UNFOLD = ("region",)
"""What the theme's own frame is found guilty of."""


@pytest.mark.outside("chromium")
@pytest.mark.django_db(transaction=True)
def test_the_desk_is_sound_in_every_look(live_server: Any) -> None:
    world, now = make_world(), timezone.now()
    sam = User.objects.create_superuser("sam@platform.test")
    happen(world.domain, now, delivered=90, bounced=10)
    standing.suspend(world.stranger_account, "Phishing", staff=sam)
    make_message(world.domain, "rita@far.test")
    for kind in ("plan", "message"):
        SupportRequest.objects.create(account=world.account, kind=kind, reason="x", asked_at=now - timedelta(hours=5))
    QueuePause.objects.create(account_id=world.account.pk, domain_id=world.domain.pk, stream="bulk", reason="Too fast")
    IncomingReport.objects.create(
        mailbox="abuse", reverse_path="rita@far.test", client_ip="192.0.2.9", subject="Phishing in your name", text="Hi"
    )
    sam_session, alice_session = session_of(sam), session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, sam_session)
        for path, name in (
            ("/admin/", "desk-start"),
            (f"/admin/tenants/{world.account.pk}/", "desk-tenant"),
            ("/admin/find/?q=rita@far.test", "desk-find"),
            ("/admin/reports/", "desk-reports"),
            (f"/admin/visits/{world.account.pk}/", "desk-visit"),
        ):
            page.goto(live_server.url + path)
            assert flaws(page, name, but=OF_UNFOLD) == []
            page.keyboard.press("Tab")
            page.wait_for_function("getComputedStyle(document.activeElement).outlineStyle === 'solid'")
        page.fill("textarea[name=reason]", "Ticket 7")
        page.click("button:has-text('Look into Acme')")
        assert "You look into Acme as support" in page.inner_text("body")
        assert flaws(page, "visit-overview") == []
        page.click("text=End the visit")
        assert page.url.endswith(f"/admin/tenants/{world.account.pk}/")
        owner = open_page(browser)
        sign_in(owner, live_server.url, alice_session)
        owner.goto(f"{live_server.url}/a/{world.account.pk}/security/")
        owner.click("text=Let support read email content for 24 hours")
        assert flaws(owner, "security-support") == []
