"""Many callers, one thread that commits for them."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from mailtrap_site import wake
from sending.models import Message, Submission
from sending.policy.refusal import Reason, Refusal
from sending.submission import flush, group_commit
from sending.submission import submit as submission
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, hand_over, outcome_of, submit
from sending.tests.drafts import draft

pytestmark = pytest.mark.django_db(transaction=True)


def from_threads(count, call):
    with ThreadPoolExecutor(count) as pool:
        return [one for many in pool.map(call, range(count)) for one in many]


def test_every_caller_gets_the_answer_to_its_own_mail(real_flusher, world):
    def send(number):
        one = draft(world, recipients=((("to", f"r{number}@far.test"),)))
        return [(number, answer) for answer in submit([one])]

    answers = from_threads(20, send)
    stored = {one.pk: one.recipient for one in Message.objects.all()}
    assert len(stored) == 20
    assert all(stored[answer.message_ids[0]] == f"r{number}@far.test" for number, answer in answers)


def test_no_thread_takes_the_meter_past_the_limit(real_flusher, world):
    period = period_of(world.account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=world.account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        used=FREE.emails_per_month - 7,
        message_limit=FREE.emails_per_month,
    )
    answers = from_threads(25, lambda number: submit([draft(world)]))
    accepted = [one for one in answers if isinstance(one, Accepted)]
    assert len(accepted) == Submission.objects.count() == 7
    assert {one.reason for one in answers if isinstance(one, Refusal)} == {Reason.MONTHLY_LIMIT}
    assert UsagePeriod.objects.get().used == FREE.emails_per_month


def test_what_gathers_while_a_flush_runs_shares_the_next_one(real_flusher, world, monkeypatch):
    sizes, may_go = [], threading.Event()

    def watched(connection, payloads, now):
        sizes.append(len(payloads))
        may_go.wait(5)
        return flush.flush(connection, payloads, now)

    monkeypatch.setattr(group_commit, "flush", watched)
    futures = [hand_over(draft(world)) for _ in range(9)]
    may_go.set()
    assert all(isinstance(future.result(10), Accepted) for future in futures)
    assert sum(sizes) == 9
    assert len(sizes) <= 3


def test_a_revoked_token_is_refused_by_the_next_flush(real_flusher, world):
    assert isinstance(submit([draft(world)])[0], Accepted)
    world.token.delete()
    assert submit([draft(world)])[0].reason is Reason.TOKEN_INVALID


def test_a_banned_account_is_refused_by_the_next_flush(real_flusher, world):
    assert isinstance(submit([draft(world)])[0], Accepted)
    world.account.state = "banned"
    world.account.save()
    assert submit([draft(world)])[0].reason is Reason.ACCOUNT_BANNED


def test_a_lost_connection_is_answered_try_later_or_renewed(real_flusher, world):
    assert isinstance(submit([draft(world)])[0], Accepted)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    first, second = submit([draft(world)])[0], submit([draft(world)])[0]
    assert isinstance(first, Accepted) or first.reason is Reason.TEMPORARY
    assert isinstance(second, Accepted)
    assert Submission.objects.count() == 2 + isinstance(first, Accepted)


def test_a_database_that_is_away_is_answered_503_and_451(real_flusher, world, monkeypatch):
    payload = prepare(draft(world))
    wrong_port = {**connections.settings["default"], "PORT": "1"}
    monkeypatch.setitem(connections.settings, "default", wrong_port)
    refusal = group_commit.hand_over(payload).result(20)
    assert (refusal.reason, refusal.status, refusal.reply.code) == (Reason.TEMPORARY, 503, 451)
    assert refusal.retry_after


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced(real_flusher, world, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(group_commit._Flusher, "_take", lambda _: 1 / 0)
        hand_over(draft(world))
        group_commit._current._thread.join(5)
    assert isinstance(submit([draft(world)])[0], Accepted)


def test_nobody_waits_for_ever_for_a_thread_that_died(monkeypatch):
    monkeypatch.setattr(submission, "ANSWER_SECONDS", 0.05)
    never = Future()
    assert asyncio.run(outcome_of(never)).reason is Reason.TEMPORARY
    assert not never.cancelled()


def test_a_client_that_goes_away_cancels_only_its_own_waiting():
    commit = Future()

    async def leave():
        waiting = asyncio.create_task(outcome_of(commit))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        commit.set_result(Refusal(Reason.TEMPORARY))
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert not commit.cancelled()


def test_whatever_the_broker_raises_a_nudge_is_only_lost(monkeypatch):
    monkeypatch.setattr(wake, "_last", {})
    monkeypatch.setattr(wake.current_app, "send_task", lambda *_, **__: 1 / 0)
    wake.send_now("sending.deliver", queue="deliveries")


def test_a_full_queue_refuses_at_once(real_flusher, world, monkeypatch):
    monkeypatch.setattr(group_commit, "MOST_WAITING", 0)
    [refusal] = submit([draft(world)])
    assert (refusal.reason, refusal.status) == (Reason.OVERLOADED, 503)


def test_the_api_tells_a_client_when_to_try_again(real_flusher, world, monkeypatch):
    monkeypatch.setattr(group_commit, "MOST_WAITING", 0)
    mail = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}
    headers = {"Api-Token": world.secret}
    answer = Client().post("/api/send", mail, content_type="application/json", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["success"] is False


def test_synchronous_commit_is_on_for_the_flusher(real_flusher, world, monkeypatch):
    seen = []

    def watched(connection, payloads, now):
        seen.append(connection.execute("SHOW synchronous_commit").fetchone()[0])
        return flush.flush(connection, payloads, now)

    monkeypatch.setattr(group_commit, "flush", watched)
    submit([draft(world)])
    assert seen == ["on"]
