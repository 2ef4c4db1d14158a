"""The operator's page in a browser, before and after its checks were asked for."""

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.operator import checks
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world
from mailtrap_site.tests.operator.test_operator_page import REPORT


@pytest.mark.outside("chromium")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_checked", [False, True])
def test_axe_finds_nothing_in_either_theme_and_width(
    transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, is_checked: bool
) -> None:
    world: World = make_world()
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()
    session = session_of(world.alice)
    monkeypatch.setattr(checks, "last", lambda: REPORT if is_checked else None)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("admin:operator"))
        # The frame around it is unfold's, whose header lies in no landmark.
        assert flaws(page, but=("region:",)) == []
