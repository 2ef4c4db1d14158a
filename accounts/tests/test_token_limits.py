"""What a token is held to: its end and the warnings of it, networks, sending alone; and the report of a leaked one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import leaks, token_warnings, tokens
from accounts.authentication import authenticate_token, forget_tokens, remembered_identity
from accounts.models import ApiToken, AuditEntry, Notification
from accounts.networks import BadNetwork, is_within, read_networks
from accounts.token_life import told_at_start, warning_due
from accounts.tokens import Limits
from mailtrap_site.testing.world import World

END = datetime(2026, 12, 31, tzinfo=UTC)


def test_warnings_are_due_at_30_and_3_days_and_at_the_end_each_once():
    moments = {40: None, 30: 30, 29: 30, 3: 3, 1: 3, 0: 0, -5: 0}
    assert {days: warning_due(END, None, END - timedelta(days=days)) for days in moments} == moments
    assert warning_due(END, 30, END - timedelta(days=20)) is None
    assert warning_due(END, 30, END - timedelta(days=2)) == 3
    assert warning_due(END, 3, END) == 0
    assert warning_due(END, 0, END) is None
    lives = [(None, None), (365, None), (30, 30), (7, 30), (3, 3), (1, 3)]
    assert [told_at_start(days and timedelta(days=days)) for days, _told in lives] == [told for _days, told in lives]


def test_each_warning_reaches_the_people_once(world, django_capture_on_commit_callbacks):
    now = timezone.now()
    tokens.create(world.account, None, "Shop", limits=Limits(expires_at=now + timedelta(days=31)))
    titles = []
    for day in (0, 1.5, 2, 28.5, 29, 31.5, 32, 40):
        with django_capture_on_commit_callbacks(execute=True):
            for _again in range(2):
                token_warnings.tell_due(now + timedelta(days=day))
        titles.append([one.subject for one in mail.outbox if one.to == ["alice@acme.test"]])
        mail.outbox.clear()
    soon, last, over = (
        ["The API token “Shop” ends within 30 days"],
        ["The API token “Shop” ends within 3 days"],
        ["The API token “Shop” has ended"],
    )
    assert titles == [[], soon, [], last, [], over, [], []]
    assert Notification.objects.filter(user=world.alice, kind__startswith="api_token.").count() == 3
    tokens.create(world.account, None, "Short", limits=Limits(expires_at=now + timedelta(days=7)))
    assert token_warnings.tell_due(now) == 0


def test_the_old_token_of_a_reset_ends_without_a_warning_and_the_new_one_lives_as_long(world):
    now = timezone.now()
    token, _ = tokens.create(world.account, None, "Shop", limits=Limits(expires_at=now + timedelta(days=90)))
    ApiToken.objects.filter(pk=token.pk).update(
        created_at=now - timedelta(days=80), expires_at=now + timedelta(days=10)
    )
    new, _secret = tokens.reset(token, world.alice)
    assert timedelta(days=89) < new.expires_at - now < timedelta(days=91)
    assert token_warnings.tell_due(now + timedelta(days=1)) == 0


def test_networks_are_read_as_people_type_them():
    assert read_networks("203.0.113.7, 198.51.100.9/24\n2001:db8::1/64") == [
        "203.0.113.7/32",
        "198.51.100.0/24",
        "2001:db8::/64",
    ]
    for bad, part in (("10.0.0.0/33", "10.0.0.0/33"), ("10.0.0.1 shop.test", "shop.test")):
        with pytest.raises(BadNetwork) as refused:
            read_networks(bad)
        assert refused.value.part == part
    assert is_within([], "")
    assert is_within(["192.0.2.0/24"], "::ffff:192.0.2.7")
    assert not is_within(["192.0.2.0/24"], "192.0.3.1")
    assert not is_within(["192.0.2.0/24"], "")


def test_a_token_is_nobody_outside_its_networks_at_any_door(world, client):
    _token, secret = tokens.create(world.account, None, "Shop", limits=Limits(networks=("192.0.2.0/24",)))
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/accounts", headers=headers, REMOTE_ADDR="198.51.100.1").status_code == 401
    assert client.post("/api/send", b"{}", "application/json", headers=headers).status_code == 401
    assert ApiToken.objects.get(name="Shop").last_used_at is None
    forget_tokens()
    assert client.get("/api/accounts", headers=headers, REMOTE_ADDR="192.0.2.9").status_code == 200
    assert remembered_identity(secret, "192.0.2.10") is not None
    assert remembered_identity(secret, "198.51.100.1") is None
    assert authenticate_token(secret) is None
    assert ApiToken.objects.get(name="Shop").last_used_from == "192.0.2.9"
    from sending.submission.smtp_session import Login, log_in

    assert not isinstance(log_in("api", secret, "198.51.100.1"), Login)
    assert isinstance(log_in("api", secret, "192.0.2.9"), Login)


def test_a_token_that_only_sends_opens_nothing_else(world, client):
    _token, secret = tokens.create(world.account, None, "Shop", limits=Limits(sends_only=True))
    headers = {"Authorization": f"Bearer {secret}"}
    for path in ("/api/accounts", "/api/api_tokens", "/api/email_logs"):
        assert client.get(path, headers=headers).status_code == 403
    mail_of = {"from": {"email": "shop@example.test"}, "to": [{"email": "rita@far.test"}], "subject": "Hi", "text": "x"}
    assert client.post("/api/send", mail_of, "application/json", headers=headers).status_code == 200


def post(client: Client, world: World, **fields: object) -> str:
    where = reverse("accounts:token_add", args=[world.account.pk])
    return client.post(where, {"name": "Shop", **fields}).text


def test_the_page_asks_until_when_where_and_from_where(world, client):
    client.force_login(world.alice)
    post(client, world)
    made = world.account.tokens.get(name="Shop")
    assert timedelta(days=364) < made.expires_at - timezone.now() < timedelta(days=366)
    made.delete()
    assert "is found one day" in post(client, world, life="never")
    assert "The last day is missing" in post(client, world, life="custom")
    assert "has passed" in post(client, world, life="custom", last_day="2020-01-01")
    assert "is no network" in post(client, world, networks="shop.test")
    assert not world.account.tokens.filter(name="Shop").exists()
    chosen = {"access": "10", "domains": [world.domain.pk], "life": "never", "for_ever": "on", "networks": "192.0.2.1"}
    text = post(client, world, **chosen)
    made = world.account.tokens.get(name="Shop")
    assert (made.expires_at, made.networks) == (None, ["192.0.2.1/32"])
    scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 10}
    assert made.scopes == [scope]
    assert "reads for example.test" in text
    assert post(client, world, domains=[world.stranger_domain.pk]).count("error")


def test_a_leaked_token_ends_at_once_and_its_owners_are_told(world, client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        body = [{"token": world.secret, "url": "https://code.test/x.py", "type": "smtp"}, {"token": "f" * 32}]
        answer = client.post("/api/leaked_tokens", body, "application/json", REMOTE_ADDR="203.0.113.77")
    assert (answer.status_code, answer.json()) == (202, {"received": 2})
    assert authenticate_token(world.secret) is None
    assert {one.to[0] for one in mail.outbox} == {"alice@acme.test", "bob@acme.test"}
    assert "https://code.test/x.py" in mail.outbox[0].body
    entry = AuditEntry.objects.get(action="api_token.deleted")
    assert (entry.actor_name, entry.ip) == (leaks.REPORTER, None)


def test_the_answer_to_a_report_does_not_say_whether_there_was_such_a_token(world, client):
    answers = []
    for secret in (world.secret, "e" * 32, "no token at all"):
        answer = client.post("/api/leaked_tokens", {"token": secret}, "application/json", REMOTE_ADDR="203.0.113.78")
        shown = client.post(reverse("accounts:leaked_token"), {"token": secret}, REMOTE_ADDR="203.0.113.78")
        answers.append((answer.status_code, answer.content, shown.status_code, "Thank you" in shown.text))
    assert len(set(answers)) == 1
    for bad in (b"", b"[]", b'{"token": 1}', b"\xff"):
        refused = client.post("/api/leaked_tokens", bad, "application/json", REMOTE_ADDR="203.0.113.79")
        assert refused.status_code == 422


def test_reports_are_throttled_by_address(client, db, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    answers = [
        client.post(
            "/api/leaked_tokens", {"token": "d" * 32}, "application/json", REMOTE_ADDR="203.0.113.80"
        ).status_code
        for _try in range(25)
    ]
    assert answers[0] == 202
    assert answers[-1] == 429
