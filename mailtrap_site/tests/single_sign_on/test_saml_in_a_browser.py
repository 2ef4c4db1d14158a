"""A member signs in at a SAML provider of another site, as a browser does it; and the pages on the way."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from accounts.models import SingleSignOn
from accounts.models.single_sign_on import slug_of
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import make_world
from mailtrap_site.tests.single_sign_on.conftest import Provider, offer

pytestmark = [
    pytest.mark.outside("chromium", "samlp", "saml-python"),
    pytest.mark.django_db(transaction=True),
]


def test_the_way_there_and_back(transactional_db: None, live_server: LiveServer, settings: Any, provider: Provider):
    settings.DEBUG = True
    # Another site than the provider's: what comes from there carries none of our cookies.
    settings.SITE_URL = site = live_server.url.replace("127.0.0.1", "localhost")
    world = offer(make_world())
    provider.set_up(world.account)
    SingleSignOn.objects.update(sso_url=f"{provider.url}/saml?as=vera%40acme.test")
    settings_page = reverse("single_sign_on:settings", args=[world.account.pk])
    owner, finish = session_of(world.alice), reverse("single_sign_on:saml_finish", args=[slug_of(world.account.pk)])
    with chromium() as browser:
        page = open_page(browser)
        page.goto(site + finish)
        assert page.get_by_text("did not begin in this browser").is_visible()
        assert flaws(page, "saml-refused") == []
        page.goto(site + "/sso/")
        page.get_by_label("Work email").fill("vera@acme.test")
        page.get_by_role("button", name="Go on").click()
        assert flaws(page, "saml-go-on") == []
        page.get_by_role("link", name="Go on to your organisation").click()
        page.wait_for_url(f"{site}/a/{world.account.pk}/**")
        assert page.get_by_text("vera@acme.test").first.is_visible()
        page = open_page(browser)
        sign_in(page, site, owner)
        for name, query in (("saml-settings", ""), ("saml-to-openid", "?protocol=openid")):
            page.goto(site + settings_page + query)
            assert flaws(page, name) == [], name
