"""The pages of accounts in a real browser: axe finds nothing, nothing scrolls sideways, and a token is made by hand."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts import invitations
from accounts.models import Invitation, Membership
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_user

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    from mailtrap_site.testing.world import make_world

    return make_world()


def looked_at(world: World) -> list[str]:
    """The addresses of the room's pages, for a signed-in owner."""
    account, vera = world.account.pk, world.account.memberships.get(user=world.vera)
    invited = Invitation.objects.create(
        account=world.account, email="ivy@new.test", role="viewer", expires_at=timezone.now() + timedelta(days=6)
    )
    limited = make_user("lim@acme.test")
    scopes = [{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}]
    Membership.objects.create(account=world.account, user=limited, role="limited", scopes=scopes)
    pages: list[tuple[str, list[int]]] = [
        ("tokens", [account]),
        ("token_reset", [account, world.token.pk]),
        ("token_delete", [account, world.token.pk]),
        ("people", [account]),
        ("invitation_add", [account]),
        ("invitation_revocation", [account, invited.pk]),
        ("member", [account, world.account.memberships.get(user=limited).pk]),
        ("member_removal", [account, vera.pk]),
        ("people_departure", [account]),
        ("account_add", []),
        ("profile", []),
        ("leaked_token", []),
    ]
    return [reverse(f"accounts:{name}", args=arguments) for name, arguments in pages] + [invitations.link_path(invited)]


def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer):
    paths, session, wrong = looked_at(world), session_of(world.alice), []
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for path in paths:
            page.goto(live_server.url + path)
            wrong += [(path, flaw) for flaw in flaws(page)]
    assert wrong == []


def test_a_token_is_added_and_deleted_by_hand(world: World, live_server: LiveServer):
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("accounts:tokens", args=[world.account.pk]))
        page.get_by_label("Name of the token").fill("Shop")
        page.get_by_role("button", name="Add the token").click()
        secret = page.locator(".secret code").inner_text()
        assert re.fullmatch(r"[0-9a-f]{32}", secret)
        assert flaws(page) == []
        page.get_by_role("link", name="Delete “Shop”…").click()
        page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
        assert not page.get_by_role("dialog").is_visible()
        page.get_by_role("link", name="Delete “Shop”…").click()
        assert flaws(page) == []
        page.get_by_role("dialog").get_by_role("button", name="Delete “Shop”").click()
        page.wait_for_selector(".toast")
        names = page.locator("tbody th").all_inner_texts()
    assert [name.splitlines()[0] for name in names] == ["Test"]
