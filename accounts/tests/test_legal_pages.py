"""What is promised can be read by everybody, is the operator's to change, and is kept with who accepted it."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import closing
from accounts.models import User
from accounts.views.legal import PAGES
from mailtrap_site.testing.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def test_every_page_is_open_and_linked_in_every_foot(client: Client):
    for name, words in PAGES.items():
        page = client.get(f"/legal/{name}/")
        assert page.status_code == 200
        text = page.content.decode()
        assert f"<h1>{words}</h1>" in text
        assert all(f'href="/legal/{other}/"' in text for other in PAGES)
    assert "/legal/terms/" in client.get(reverse("account_signup")).content.decode()


def test_the_cookies_that_are_set_are_named(client: Client, world: World):
    client.post(reverse("account_login"), {"login": "alice@acme.test", "password": PASSWORD})
    client.get(reverse("account_login"))
    named = client.get("/legal/cookies/").content.decode()
    assert {"sessionid", "known_browser"} <= set(client.cookies)
    assert [name for name in client.cookies if f"<code>{name}</code>" not in named] == []


def test_an_operator_has_own_texts(client: Client, settings: Any, tmp_path: Path):
    (tmp_path / "legal").mkdir()
    (tmp_path / "legal" / "terms.html").write_text("Our own terms {{ version }}")
    settings.TERMS_VERSION = "7"
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    assert client.get("/legal/terms/").content == b"Our own terms 7"


def test_signing_up_keeps_which_terms_were_accepted(client: Client, settings: Any):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.TERMS_VERSION = "2026-12"
    client.post(reverse("account_signup"), {"name": "Nora", "email": "nora@new.test", "password1": "three odd words 9"})
    nora = User.objects.get(email="nora@new.test")
    assert nora.terms_version == "2026-12"
    assert nora.terms_accepted_at is not None


def test_an_owner_types_the_name_to_close_and_may_keep_it(client: Client, world: World):
    page = reverse("accounts:closing", args=[world.account.pk])
    client.force_login(world.bob)
    assert client.get(page).status_code == 403
    client.post(reverse("account_logout"))
    client.force_login(world.alice)
    assert client.get(page).status_code == 302, "who they are is asked once more"
    client.post(reverse("account_login"), {"login": "alice@acme.test", "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(page, {"name": "Acm"}).status_code == 422
    world.account.refresh_from_db()
    assert world.account.closes_at is None
    said = client.post(page, {"name": "Acme"}, follow=True).content.decode()
    world.account.refresh_from_db()
    assert world.account.closes_at is not None
    assert "Acme is to be closed" in said
    overview = client.get(reverse("sending:overview", args=[world.account.pk])).content.decode()
    assert "This account is to be closed" in overview
    client.post(page)
    world.account.refresh_from_db()
    assert world.account.closes_at is None
    assert not closing.undo(world.account)
