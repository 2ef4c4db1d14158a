"""A letter's link leads the person it is for to its page, signs nobody in, and leads nobody else anywhere."""

import time

import pytest
from django.core import signing
from django.test import Client

from accounts.links import VALID_FOR, BadLink, link_path, read_link
from accounts.models import User
from mailtrap_site.testing.world import PASSWORD, World


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_leads_whom_it_is_for_to_the_page(world: World):
    answer = browser_of(world.alice).get(link_path(world.alice, "/a/1/usage/?month=11"))
    assert (answer.status_code, answer["Location"]) == (302, "/a/1/usage/?month=11")
    assert "no-store" in answer["Cache-Control"]


def test_whoever_is_signed_out_signs_in_and_comes_to_the_page(world: World, client: Client):
    page = f"/a/{world.account.pk}/usage/"
    link = link_path(world.alice, page)
    answer = client.get(link)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/l/")
    assert "_auth_user_id" not in client.session
    form = {"login": world.alice.email, "password": PASSWORD}
    answer = client.post(answer["Location"], form, follow=True)
    assert answer.redirect_chain == [(link, 302), (page, 302)]


def test_whoever_is_somebody_else_is_told_whom_it_is_for_and_may_sign_out(world: World):
    browser = browser_of(world.charlie)
    link = link_path(world.alice, f"/a/{world.account.pk}/")
    answer = browser.get(link)
    assert answer.status_code == 403
    assert "The letter went to alice@acme.test, and you are signed in as charlie@strangers.test." in answer.text
    assert f'name="next" value="{link}"' in answer.text
    answer = browser.post("/accounts/logout/", {"next": link})
    assert answer["Location"] == link
    assert browser.get(link)["Location"].startswith("/accounts/login/?next=/l/")


@pytest.mark.parametrize("signed_in", [True, False])
def test_one_that_has_ended_says_so(world: World, monkeypatch, signed_in: bool):
    with monkeypatch.context() as then:
        signed_at = time.time() - VALID_FOR.total_seconds() - 1
        then.setattr("time.time", lambda: signed_at)
        link = link_path(world.alice, "/a/1/")
    answer = (browser_of(world.alice) if signed_in else Client()).get(link)
    assert answer.status_code == 410
    assert "This link has ended" in answer.text
    assert ("Go to the overview" if signed_in else 'href="/accounts/login/"') in answer.text


def test_one_that_was_changed_leads_nowhere(world: World, client: Client):
    link = link_path(world.alice, "/a/1/")
    answer = client.get(link[:-2] + ("A" if link[-2] != "A" else "B") + "/")
    assert answer.status_code == 404
    assert "This link is not complete" in answer.text
    assert client.get("/l/nonsense/").status_code == 404


def test_what_was_signed_for_something_else_is_no_link(world: World):
    with pytest.raises(BadLink):
        read_link(signing.dumps([world.alice.pk, "/a/1/"], salt="something else"))


def test_one_for_a_person_who_is_gone_has_ended(world: World, client: Client):
    link = link_path(world.vera, "/a/1/")
    world.vera.delete()
    assert client.get(link).status_code == 410


@pytest.mark.parametrize("path", ["https://evil.test/", "//evil.test/", "/\\evil.test/", "javascript:x", "a/1/", ""])
def test_it_leads_to_no_other_site(world: World, path: str):
    with pytest.raises(ValueError, match="a path of this site"):
        link_path(world.alice, path)
    with pytest.raises(BadLink):
        read_link(signing.dumps([world.alice.pk, path], salt="accounts.links"))
