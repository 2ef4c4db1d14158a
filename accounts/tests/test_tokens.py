"""The life of an API token."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import authentication, tokens
from accounts.authentication import authenticate_token, forget_tokens, remembered_identity
from accounts.models import ApiToken, AuditEntry
from mailtrap_site.testing.world import World


def test_a_new_token_is_32_hexadecimal_digits_and_only_its_hash_is_kept(world: World):
    token, secret = tokens.create(world.account, world.alice, "Shop")
    assert len(bytes.fromhex(secret)) == 16
    assert token.digest == sha256(secret.encode()).hexdigest()
    assert (token.first_digits, token.last_digits) == (secret[:4], secret[-4:])
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert token.scopes == [{"resource_type": "account", "resource_id": world.account.pk, "access_level": 100}]


def test_a_token_is_known_by_its_secret_alone(world: World):
    identity = authenticate_token(world.secret)
    assert identity is not None
    assert (identity.token_id, identity.account_id) == (world.token.pk, world.account.pk)
    for wrong in ("", "x", world.secret.upper() + "0", "0" * 32, world.token.digest, "é" * 32, "\ud800"):
        assert authenticate_token(wrong) is None


def test_an_expired_token_is_nobody(world: World):
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    assert authenticate_token(world.secret) is not None
    forget_tokens()
    ApiToken.objects.update(expires_at=timezone.now())
    assert authenticate_token(world.secret) is None


def test_the_second_look_up_within_two_seconds_asks_no_database(world: World, django_assert_num_queries):
    first = authenticate_token(world.secret)
    with django_assert_num_queries(0):
        assert authenticate_token(world.secret) == first


def test_the_use_is_noted_at_most_once_a_minute(world: World):
    authenticate_token(world.secret)
    noted = ApiToken.objects.get(pk=world.token.pk).last_used_at
    assert noted is not None
    forget_tokens()
    authenticate_token(world.secret)
    assert ApiToken.objects.get(pk=world.token.pk).last_used_at == noted
    ApiToken.objects.update(last_used_at=noted - timedelta(seconds=61))
    forget_tokens()
    authenticate_token(world.secret)
    assert ApiToken.objects.filter(pk=world.token.pk, last_used_at__gte=noted).exists()


def test_a_reset_gives_a_successor_and_twelve_more_hours(world: World, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        new, secret = tokens.reset(world.token, world.alice)
    old = ApiToken.objects.get(pk=world.token.pk)
    assert new.pk != old.pk
    assert new.name == f"Test ({new.pk})"
    assert new.scopes == old.scopes
    assert new.expires_at is None
    assert old.expires_at is not None
    assert timedelta(hours=11, minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=12)
    assert authenticate_token(world.secret) is not None
    assert authenticate_token(secret) is not None
    assert AuditEntry.objects.get(action="api_token.reset").changes == {"token": {"from": old.pk, "to": new.pk}}


def test_a_token_in_its_last_hours_is_not_reset_again(world: World):
    tokens.reset(world.token, world.alice)
    with pytest.raises(tokens.TokenIsEnding):
        tokens.reset(world.token, world.alice)
    assert ApiToken.objects.filter(account=world.account).count() == 2


def test_the_successors_of_a_token_do_not_pile_up_ids_in_its_name(world: World):
    second, _ = tokens.reset(world.token, world.alice)
    third, _ = tokens.reset(second, world.alice)
    assert third.name == f"Test ({third.pk})"


def test_a_deleted_token_is_refused_at_once(world: World, django_capture_on_commit_callbacks):
    assert authenticate_token(world.secret) is not None
    with django_capture_on_commit_callbacks(execute=True):
        tokens.delete(world.token, world.alice)
    assert authenticate_token(world.secret) is None
    entry = AuditEntry.objects.get(action="api_token.deleted")
    assert (entry.actor, entry.target_name) == (world.alice, "Test")


def page(name: str, *arguments: int) -> str:
    return reverse(f"accounts:{name}", args=arguments)


def test_the_secret_is_in_one_answer_only(world: World, client: Client):
    client.force_login(world.alice)
    answer = client.post(page("token_add", world.account.pk), {"name": "Shop"})
    assert answer.status_code == 200
    secret = answer.context["secret"]
    assert secret in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert authenticate_token(secret) is not None
    assert secret not in client.get(page("tokens", world.account.pk)).text
    assert secret not in str(dict(client.session))
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_token_without_a_name_is_not_made(world: World, client: Client):
    client.force_login(world.alice)
    answer = client.post(page("token_add", world.account.pk), {"name": " "})
    assert answer.status_code == 422
    assert "needs a name" in answer.text
    assert ApiToken.objects.filter(account=world.account).count() == 1


def test_a_token_is_reset_on_its_page(world: World, client: Client):
    client.force_login(world.bob)
    where = page("token_reset", world.account.pk, world.token.pk)
    assert "Reset “Test”?" in client.get(where).text
    answer = client.post(where)
    assert authenticate_token(answer.context["secret"]) is not None
    assert "12 more hours" in answer.text
    assert client.post(where)["Location"] == page("tokens", world.account.pk)


def test_a_token_is_deleted_on_its_page(world: World, client: Client):
    client.force_login(world.alice)
    where = page("token_delete", world.account.pk, world.token.pk)
    assert "Delete “Test”?" in client.get(where).text
    assert client.post(where)["Location"] == page("tokens", world.account.pk)
    assert not ApiToken.objects.filter(pk=world.token.pk).exists()
    assert client.post(where).status_code == 404


def test_another_accounts_token_is_not_there(world: World, client: Client):
    client.force_login(world.alice)
    for name in ("token_reset", "token_delete"):
        assert client.post(page(name, world.account.pk, world.stranger_token.pk)).status_code == 404
    assert ApiToken.objects.filter(pk=world.stranger_token.pk, expires_at=None).exists()


def test_secrets_that_are_tried_push_no_token_out_of_the_cache(world, monkeypatch):
    monkeypatch.setattr(authentication, "CACHE_SIZE", 2)
    monkeypatch.setattr(authentication, "MOST_UNKNOWN", 2)
    forget_tokens()
    assert authenticate_token(world.secret)
    assert [authenticate_token(f"{number:032x}") for number in range(5)] == [None] * 5
    assert remembered_identity(world.secret)
    assert len(authentication._unknown) == 2


def test_a_token_that_is_gone_is_not_asked_for_at_every_try(world, monkeypatch, django_assert_num_queries):
    forget_tokens()
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 0.0)
    assert authenticate_token(world.secret)
    world.token.delete()
    monkeypatch.setattr(authentication, "CACHE_SECONDS", 60.0)
    assert authenticate_token(world.secret) is None
    with django_assert_num_queries(0):
        assert authenticate_token(world.secret) is None
    forget_tokens()


def test_a_token_keeps_its_own_limit_when_it_is_reset(world: World) -> None:
    token, _ = tokens.create(world.account, world.alice, "Shop", limits=tokens.Limits(emails_per_month=500))
    new, _ = tokens.reset(token, world.alice)
    assert (token.emails_per_month, new.emails_per_month) == (500, 500)


def test_the_page_takes_a_limit_for_a_new_token_and_shows_it(client: Client, world: World) -> None:
    client.force_login(world.alice)
    page = client.post(
        reverse("accounts:token_add", args=[world.account.pk]), {"name": "Small", "emails_per_month": "1500"}
    ).content.decode()
    assert world.account.tokens.get(name="Small").emails_per_month == 1500
    assert "at most 1,500 emails a month" in page
    client.post(reverse("accounts:token_add", args=[world.account.pk]), {"name": "Free", "emails_per_month": ""})
    assert world.account.tokens.get(name="Free").emails_per_month is None
