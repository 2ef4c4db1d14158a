"""The desk's suspicious links, the choice to hide secrets of links, and a mail without them, in every look."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from mailtrap_site.support.links_acts import State
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.links import make_links
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.alerts import link_suspensions
from sending.models import StreamSetting, SuspiciousLinks
from sending.phishing.words import sentences
from sending.tests.pages.test_hidden_links import SOURCE

OF_UNFOLD = ("region",)
"""What the theme's own frame is found guilty of."""


@pytest.mark.outside("chromium")
@pytest.mark.django_db(transaction=True)
def test_the_pages_about_links_are_sound_in_every_look(live_server: Any) -> None:
    world = make_world()
    sam = User.objects.create_superuser("sam@platform.test")
    found = make_links(make_message(world.domain))
    for host in ("paypal-login.com", "paypa1.com"):
        make_links(make_message(world.domain), f'<a href="https://{host}/">Log in</a>')
    rows = list(SuspiciousLinks.objects.order_by("pk"))
    assert link_suspensions.suspend(rows, sentences(rows[0].findings), timezone.now())
    done = make_links(make_message(world.domain), '<a href="https://8.8.8.8/">Log in</a>')
    SuspiciousLinks.objects.filter(pk=done.pk).update(
        state=State.DISMISSED, reason="Their own server", decided_by=sam, decided_at=timezone.now()
    )
    StreamSetting.objects.create(account=world.account, stream="transactional", hides_links=True)
    Membership.objects.filter(user=world.vera).update(sees_content=True)
    message = make_message(world.domain, "rita@far.test", source=SOURCE)
    log = f"/a/{world.account.pk}/log/{message.pk}/"
    sessions = {name: session_of(user) for name, user in (("sam", sam), ("alice", world.alice), ("vera", world.vera))}
    with chromium() as browser:
        for reader, path, name, but in (
            ("sam", "/admin/links/", "links-desk", OF_UNFOLD),
            ("sam", f"/admin/links/{found.pk}/", "links-finding", OF_UNFOLD),
            ("sam", f"/admin/links/{done.pk}/", "links-dismissed", OF_UNFOLD),
            ("sam", f"/admin/links/{found.pk}/dismiss/", "links-act", OF_UNFOLD),
            ("alice", f"/a/{world.account.pk}/streams/", "links-streams", ()),
            ("vera", f"{log}?show=content", "links-hidden", ()),
            ("vera", f"{log}?show=source", "links-hidden-source", ()),
        ):
            page = open_page(browser)
            sign_in(page, live_server.url, sessions[reader])
            page.goto(live_server.url + path)
            assert flaws(page, name, but=but) == []
