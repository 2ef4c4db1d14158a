"""Scheduled messages over the general API: listed, read, moved and cancelled by tokens that may."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from billing.metering import usage
from mailtrap_site.testing.world import make_domain, make_token
from mailtrap_site.web.json_api import instant
from sending.api import scheduled_messages
from sending.models import Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.submission.submit import submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(params=["/api/accounts/{account}/scheduled_messages", "/api/scheduled_messages"])
def path(request, world):
    return request.param.format(account=world.account.pk)


def schedule(world, after=HOUR, recipients=(("to", "rita@far.test"), ("cc", "carl@near.test")), **changes):
    [answer] = submit([draft(world, send_at=timezone.now() + after, recipients=recipients, **changes)])
    return answer


def ask(method, address, secret, body=None, status=200):
    options = {} if body is None else {"data": body, "content_type": "application/json"}
    response = getattr(Client(), method)(address, headers={"Api-Token": secret}, **options)
    assert response.status_code == status, (response.status_code, response.content)
    return response.json()


def domain_token(world, level, domain=None):
    resource = {"resource_type": "domain", "resource_id": (domain or world.domain).pk, "access_level": level}
    return make_token(world.account, scopes=[resource])[1]


def test_the_list_says_what_leaves_when(path, world):
    later, sooner = schedule(world, 2 * HOUR), schedule(world, HOUR, category="Press")
    answer = ask("get", path, world.secret)
    assert answer["next_page_cursor"] is None
    first, second = answer["data"]
    assert [first["id"], second["id"]] == [str(sooner.submission_id), str(later.submission_id)]
    assert first == {
        "id": str(sooner.submission_id),
        "status": "scheduled",
        "send_at": instant(QueueEntry.objects.filter(submission_id=sooner.submission_id).first().send_at),
        "accepted_at": first["accepted_at"],
        "from": "Alice <alice@example.test>",
        "subject": "Hello",
        "category": "Press",
        "recipients_count": 2,
        "sending_stream": "transactional",
        "sending_domain_id": world.domain.pk,
        "domain_id": world.domain.pk,
    }


def test_pages_follow_one_another(path, world, monkeypatch):
    monkeypatch.setattr(scheduled_messages, "PAGE", 2)
    ids = [str(schedule(world, hours * HOUR).submission_id) for hours in range(1, 6)]
    found, cursor = [], ""
    while cursor is not None:
        answer = ask("get", f"{path}?search_after={cursor}", world.secret)
        found += [one["id"] for one in answer["data"]]
        cursor = answer["next_page_cursor"]
    assert found == ids
    for wrong in ("x", "2026-01-01T00:00:00Z", f"0001-01-01T00:00:00+20:00_{uuid.uuid4()}"):
        assert (
            "search_after"
            in ask("get", path + "?search_after=" + wrong.replace("+", "%2B"), world.secret, status=400)["error"]
        )


def test_one_is_named_by_its_id_or_by_a_message_id(path, world):
    answer = schedule(world)
    for named in (answer.submission_id, *answer.message_ids):
        shown = ask("get", f"{path}/{named}", world.secret)
        assert shown["id"] == str(answer.submission_id)
        assert shown["recipients"] == [
            {"message_id": str(answer.message_ids[0]), "kind": "to", "email": "rita@far.test"},
            {"message_id": str(answer.message_ids[1]), "kind": "cc", "email": "carl@near.test"},
        ]
    assert ask("get", f"{path}/{uuid.uuid4()}", world.secret, status=404) == {"error": "Not Found"}


@pytest.mark.parametrize("as_number", [False, True])
def test_it_is_moved(as_number, path, world):
    answer, send_at = schedule(world), datetime.now(UTC).replace(microsecond=0) + 9 * HOUR
    body = {"send_at": int(send_at.timestamp()) if as_number else send_at.isoformat()}
    shown = ask("patch", f"{path}/{answer.message_ids[1]}", world.secret, body)
    assert (shown["send_at"], shown["status"]) == (instant(send_at), "scheduled")
    assert set(QueueEntry.objects.values_list("due_at", flat=True)) == {send_at}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.actor_name) == ("submission.rescheduled", None, "token “Test”")


def test_a_time_that_has_passed_sends_it_now(path, world):
    answer = schedule(world)
    shown = ask("patch", f"{path}/{answer.submission_id}", world.secret, {"send_at": "2026-01-01T00:00:00Z"})
    assert (shown["send_at"], shown["status"]) == (None, "enqueued")
    assert len(claim(raw_cursor(), now=timezone.now())) == 2


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("tomorrow", "is not a date and time with its UTC offset"),
        ("2026-11-29T10:00:00", "is not a date and time with its UTC offset"),
        (4_000_000_000, "is more than 30 days ahead"),
        (True, None),
        (None, None),
        (1.5, None),
        ([], None),
    ],
)
def test_what_is_no_time_moves_nothing(value, sentence, path, world):
    answer = schedule(world)
    before = list(QueueEntry.objects.values())
    errors = ask("patch", f"{path}/{answer.submission_id}", world.secret, {"send_at": value}, 422)["errors"]
    if sentence:
        assert errors == {"send_at": [sentence]}
    assert list(QueueEntry.objects.values()) == before
    ask("patch", f"{path}/{answer.submission_id}", world.secret, {}, 422)


def test_it_is_cancelled_and_counts_no_more(path, world):
    answer = schedule(world)
    shown = ask("delete", f"{path}/{answer.message_ids[0]}", world.secret)
    assert (shown["id"], shown["status"]) == (str(answer.submission_id), "cancelled")
    assert len(shown["recipients"]) == 2
    assert set(Message.objects.values_list("status", flat=True)) == {"cancelled"}
    assert usage(world.account).used == 0
    assert AuditEntry.objects.get().action == "submission.cancelled"
    assert ask("get", path, world.secret)["data"] == []


def test_what_has_begun_to_leave_is_a_conflict(path, world):
    answer = schedule(world)
    claim(raw_cursor(), now=timezone.now() + 2 * HOUR, limit=1)
    for method, body in (("patch", {"send_at": (timezone.now() + HOUR).isoformat()}), ("delete", None)):
        refusal = ask(method, f"{path}/{answer.submission_id}", world.secret, body, 409)
        assert refusal["error"].startswith("It is not scheduled")
    ask("get", f"{path}/{answer.submission_id}", world.secret, status=404)
    assert not AuditEntry.objects.exists()


def test_a_token_sees_its_domains_and_changes_what_it_may_send(path, world):
    answer = schedule(world)
    other = make_domain(world.account, "other.test")
    theirs = schedule(world, mail_from="a@other.test", message=message(from_="a@other.test"))
    reader, admin = domain_token(world, 10), domain_token(world, 100)
    for secret in (reader, admin):
        assert [one["id"] for one in ask("get", path, secret)["data"]] == [str(answer.submission_id)]
        ask("get", f"{path}/{answer.submission_id}", secret)
        ask("get", f"{path}/{theirs.submission_id}", secret, status=404)
        ask("delete", f"{path}/{theirs.submission_id}", secret, status=404)
    body = {"send_at": (timezone.now() + HOUR).isoformat()}
    assert ask("patch", f"{path}/{answer.submission_id}", reader, body, 403) == {"errors": "Access forbidden"}
    assert ask("delete", f"{path}/{answer.submission_id}", reader, status=403) == {"errors": "Access forbidden"}
    ask("delete", f"{path}/{answer.submission_id}", admin)
    assert ask("get", path, domain_token(world, 10, other))["data"][0]["domain_id"] == other.pk


def test_another_account_finds_nothing(world):
    answer = schedule(world)
    address = f"/api/scheduled_messages/{answer.submission_id}"
    assert ask("get", "/api/scheduled_messages", world.stranger_secret)["data"] == []
    for method in ("get", "delete"):
        ask(method, address, world.stranger_secret, status=404)
    ask("patch", address, world.stranger_secret, {"send_at": 1}, 404)
    ask("get", f"/api/accounts/{world.account.pk}/scheduled_messages", world.stranger_secret, status=403)
    assert Message.objects.filter(status="scheduled").count() == 2
