"""A key stands for one hand-over for 24 hours: whoever repeats it gets the first answer, and nothing is sent twice."""

import dataclasses
import secrets
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.metering import usage
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.roomy import make_roomy
from mailtrap_site.testing.world import make_world
from sending import tasks
from sending.models import Content, Event, IdempotencyKey, Message, QueueEntry, Submission
from sending.models.idempotency import KEPT
from sending.policy.refusal import Reason, Refusal
from sending.submission import flush as flush_room
from sending.submission import group_commit, idempotency
from sending.submission.draft import Idempotency
from sending.submission.flush import flush
from sending.submission.idempotency import reserve_keys
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db


def keyed(world, key, stands_for="a", **changes):
    return draft(world, idempotency=Idempotency(key, stands_for.encode()), **changes)


def flushed(*drafts, now=None, over=None):
    return flush(over or connection.connection, [prepare(one) for one in drafts], now or timezone.now())


def to(count):
    return tuple(("to", f"r{number}@far.test") for number in range(count))


def leave(account, left):
    period = period_of(account.created_at, timezone.now())
    UsagePeriod.objects.update_or_create(
        account=account,
        starts_at=period.starts_at,
        defaults={
            "ends_at": period.ends_at,
            "used": FREE.emails_per_month - left,
            "message_limit": FREE.emails_per_month,
        },
    )


def counted():
    return [model.objects.count() for model in (Submission, Message, QueueEntry, Event, Content)]


def test_the_same_again_gets_the_first_answer_and_leaves_nothing(world):
    [first] = submit([keyed(world, "k", recipients=to(3))])
    before = counted()
    [again] = submit([keyed(world, "k", recipients=to(3))])
    assert again == Accepted(first.submission_id, first.message_ids, is_replay=True)
    assert not first.is_replay
    assert counted() == before == [1, 3, 3, 3, 1]
    assert usage(world.account).used == 3


def test_something_else_under_the_same_key_is_refused(world):
    submit([keyed(world, "k")])
    [refusal] = submit([keyed(world, "k", "b")])
    assert (refusal.reason, refusal.status) == (Reason.IDEMPOTENCY_MISMATCH, 422)
    assert usage(world.account).used == Submission.objects.count() == 1


def test_keys_of_two_accounts_are_two_keys(world):
    theirs = keyed(
        world,
        "k",
        "b",
        account_id=world.stranger_account.pk,
        token_id=world.stranger_token.pk,
        mail_from="charlie@stranger.test",
        message=message(from_="charlie@stranger.test"),
    )
    outcomes = flushed(keyed(world, "k"), theirs)
    assert [isinstance(one, Accepted) and not one.is_replay for one in outcomes] == [True, True]


def test_what_policy_or_meter_refuses_leaves_its_key_free(world):
    [refusal] = submit([keyed(world, "k", token_id=None)])
    assert refusal.reason is Reason.TOKEN_INVALID
    leave(world.account, 2)
    [refusal] = submit([keyed(world, "k", "b", recipients=to(3))])
    assert refusal.reason is Reason.MONTHLY_LIMIT
    assert not IdempotencyKey.objects.exists()
    [accepted] = submit([keyed(world, "k", "c", recipients=to(2))])
    assert isinstance(accepted, Accepted)
    [again] = submit([keyed(world, "k", "c", recipients=to(2))])
    assert again.is_replay, "a repetition needs no room on the meter"


def test_in_one_flush_the_others_follow_the_first(world):
    leave(world.account, 3)
    outcomes = flushed(
        keyed(world, "k", recipients=to(2)),
        keyed(world, "k", recipients=to(2)),
        keyed(world, "k", "b"),
        keyed(world, "too large", recipients=to(2)),
        keyed(world, "too large", recipients=to(2)),
        draft(world),
    )
    first, again, other, refused, refused_again, keyless = outcomes
    assert again == dataclasses.replace(first, is_replay=True)
    assert other.reason is Reason.IDEMPOTENCY_MISMATCH
    assert refused == refused_again == Refusal(Reason.MONTHLY_LIMIT)
    assert isinstance(keyless, Accepted)
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["k"]
    assert Submission.objects.count() == 2


def test_what_the_key_stands_for_decides_and_not_who_is_first_in_the_flush(world):
    [first] = flushed(keyed(world, "k", "a"))
    other, again = flushed(keyed(world, "k", "b"), keyed(world, "k", "a"))
    assert other.reason is Reason.IDEMPOTENCY_MISMATCH
    assert again.submission_id == first.submission_id


def test_after_a_day_a_key_is_free_whether_or_not_it_was_removed(world):
    now = timezone.now()
    [first] = flushed(keyed(world, "k"), now=now - KEPT)
    [inside] = flushed(keyed(world, "k"), now=now - timedelta(seconds=1))
    [after] = flushed(keyed(world, "k", "b"), now=now)
    assert (inside.is_replay, after.is_replay) == (True, False)
    assert after.submission_id != first.submission_id
    [again] = flushed(keyed(world, "k", "b"), now=now)
    assert again.submission_id == after.submission_id


def test_old_keys_are_removed_in_pieces(world, monkeypatch):
    monkeypatch.setattr(idempotency, "MOST_AT_ONCE", 2)
    now = timezone.now()
    flushed(*(keyed(world, f"old {number}") for number in range(5)), now=now - KEPT)
    flushed(keyed(world, "young"), now=now)
    assert idempotency.forget_old_keys(now, time.monotonic()) is True
    assert IdempotencyKey.objects.count() == 6
    tasks.forget_old_keys()
    assert [one.key for one in IdempotencyKey.objects.all()] == ["young"]
    assert idempotency.forget_old_keys(now, time.monotonic() + 10) is False


def test_large_content_is_not_stored_again_for_a_repetition(world):
    text = message(body="\r\n".join(secrets.token_hex(400) for _ in range(1000)) + "\r\n")
    [first] = flushed(keyed(world, "k", message=text))
    leave(world.account, 0)
    [again] = flushed(keyed(world, "k", message=text))
    assert again.submission_id == first.submission_id
    leave(world.account, 9)
    one, two = flushed(keyed(world, "l", message=text), keyed(world, "l", message=text))
    assert two.submission_id == one.submission_id
    assert Content.objects.count() == Submission.objects.count() == 2


def test_a_neighbour_that_cannot_be_stored_doubles_nobody(world):
    payloads = [prepare(keyed(world, key)) for key in ("k", "spoiled", "k")]
    payloads[1] = dataclasses.replace(payloads[1], subject="nul\0")
    first, refused, again = flush(connection.connection, payloads, timezone.now())
    assert refused.reason is Reason.UNSTORABLE_TEXT
    assert again == dataclasses.replace(first, is_replay=True)
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["k"]


@pytest.mark.parametrize("count", [1, 5])
def test_mail_without_a_key_asks_the_database_nothing_more(count, world, monkeypatch):
    make_roomy(world.account)
    flushed(draft(world))  # The domain's first email is noted, once.
    asked = []
    execute = psycopg.Cursor.execute

    def watched(self, *arguments, **options):
        asked.append(arguments)
        return execute(self, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", watched)
    flushed(*(draft(world) for _ in range(count)))
    assert len(asked) == 6, "standing, terms, meter, day, contents, rows"


HAND_OVER = st.tuples(st.sampled_from([None, "k", "l"]), st.sampled_from("ab"), st.integers(1, 3))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flushes=st.lists(st.lists(HAND_OVER, min_size=1, max_size=5), min_size=1, max_size=4), left=st.integers(0, 12))
def test_whatever_is_handed_over_each_key_has_one_submission_and_the_meter_is_exact(flushes, left, world):
    make_roomy(world.account)
    example = secrets.token_hex(4)
    leave(world.account, left)
    before = Submission.objects.count()
    stands: dict[str, tuple[str, uuid.UUID]] = {}
    recipients = accepted = 0
    for hand_overs in flushes:
        drafts = [
            draft(world, recipients=to(size))
            if key is None
            else keyed(world, example + key, stands_for + str(size), recipients=to(size))
            for key, stands_for, size in hand_overs
        ]
        for (key, stands_for, size), outcome in zip(hand_overs, flushed(*drafts), strict=True):
            meant = stands_for + str(size)
            if isinstance(outcome, Refusal):
                assert outcome.reason in (Reason.MONTHLY_LIMIT, Reason.IDEMPOTENCY_MISMATCH)
                continue
            if outcome.is_replay:
                assert stands[key] == (meant, outcome.submission_id)
                continue
            assert key is None or key not in stands
            stands[key] = meant, outcome.submission_id
            recipients, accepted = recipients + size, accepted + 1
    assert Submission.objects.count() == before + accepted
    assert UsagePeriod.objects.get().used == FREE.emails_per_month - left + recipients
    assert IdempotencyKey.objects.filter(key__startswith=example).count() == len(stands.keys() - {None})


def on_connections(count, work):
    """`work(psycopg connection, number)` at the same moment, each in its own thread."""
    barrier = Barrier(count)

    def run(number):
        connection.ensure_connection()
        try:
            barrier.wait(10)
            return work(connection.connection, number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_of_processes_that_race_with_one_key_one_is_accepted():
    world = make_world()
    for round_number in range(10):
        key = f"k{round_number}"
        outcomes = on_connections(4, lambda over, _, key=key: flushed(keyed(world, key, recipients=to(2)), over=over))
        first = [one for [one] in outcomes if not one.is_replay]
        assert len(first) == 1
        assert {one.message_ids for [one] in outcomes} == {first[0].message_ids}
    assert counted() == [10, 20, 20, 20, 10]
    assert usage(world.account).used == 20


@pytest.mark.django_db(transaction=True)
def test_flushes_with_the_same_keys_in_other_orders_never_deadlock():
    """Both wait for the key in the middle: had each taken its first one before, neither could ever go on."""
    world = make_world()
    orders = ("a", "m", "z"), ("z", "m", "a")
    blocker = connection.copy()
    blocker.connect()
    with ThreadPoolExecutor(1) as pool:
        with psycopg.Cursor(blocker.connection) as cursor, blocker.connection.transaction(force_rollback=True):
            reserve_keys(cursor, [prepare(keyed(world, "m"))], timezone.now())
            work = pool.submit(
                on_connections,
                2,
                lambda over, number: flushed(*(keyed(world, key) for key in orders[number]), over=over),
            )
            wait_for(lambda: waiting_for_locks() == 2, "both wait", 10)
        answers = [one for many in work.result(20) for one in many]
    blocker.close()
    firsts = {one.submission_id for one in answers if not one.is_replay}
    assert len(firsts) == 3
    assert {one.submission_id for one in answers} == firsts
    assert Submission.objects.count() == usage(world.account).used == 3


def waiting_for_locks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("took_effect", [True, False])
def test_after_a_commit_of_which_nobody_knows_a_key_makes_trying_again_safe(took_effect, real_flusher, monkeypatch):
    world = make_world()

    def broken(*arguments):
        if took_effect:
            flush_room.flush(*arguments)
        raise psycopg.OperationalError("the line dropped before the answer")

    with monkeypatch.context() as cut:
        cut.setattr(group_commit, "flush", broken)
        [refusal] = submit([keyed(world, "k", recipients=to(2))])
    assert (refusal.reason, refusal.status) == (Reason.TEMPORARY, 503)
    [answer] = submit([keyed(world, "k", recipients=to(2))])
    assert isinstance(answer, Accepted)
    assert answer.is_replay is took_effect
    assert counted() == [1, 2, 2, 2, 1]
    assert usage(world.account).used == 2
