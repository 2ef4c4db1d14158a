"""The counters agree with the rows, whatever the order of events, wherever batches split, whoever crashes."""

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mailtrap_site.testing.world import World
from sending.events import feed
from sending.events.record import EventRow, insert_events
from sending.models import CountedOnce, DailyCount, Event, FeedPosition, HourlyCount, Message, Submission
from sending.models.identifiers import id_at, new_id
from sending.models.statements import raw_cursor
from sending.models.statistics import COUNTED
from sending.stats import READER, counters
from sending.stats.upkeep import forget_hours

E = Event.Type
NOON = datetime(2026, 11, 10, 12, 30, tzinfo=UTC)
KINDS: list[tuple[E, dict[str, Any]]] = [
    (E.DELIVERY, {"email_service_provider": "Google"}),
    (E.BOUNCE, {"email_service_provider": None}),
    (E.BOUNCE, {"reported_by": "mx.far.test"}),
    (E.SOFT_BOUNCE, {"email_service_provider": "Yahoo"}),
    (E.REJECT, {"reject_reason": "suppressed"}),
    (E.OPEN, {"first": True}),
    (E.OPEN, {}),
    (E.OPEN, {"machine": "prefetch"}),
    (E.CLICK, {"first": True}),
    (E.CLICK, {}),
    (E.CLICK, {"machine": "scanner"}),
    (E.SPAM, {"spam_feedback_type": "abuse"}),
    (E.UNSUBSCRIBE, {}),
    (E.RELEASE, {}),
]
ATTEMPTS = {E.DELIVERY, E.SOFT_BOUNCE}
ONCE = {E.BOUNCE: "bounced", E.REJECT: "rejected", E.SPAM: "spam", E.UNSUBSCRIBE: "unsubscribed"}
Happening = tuple[int, tuple[E, dict[str, Any]], int]
"""Which message, what, and how many minutes after noon it occurred."""


def messages(world: World) -> list[Message]:
    """Four of two domains, streams and categories; one of them without a provider."""
    made = []
    for number in range(4):
        domain = world.domain if number % 2 else world.stranger_domain
        made.append(
            Message(
                id=id_at(NOON - timedelta(days=number * 7)),
                submission=Submission(id=new_id()),
                account_id=domain.account_id,
                domain=domain,
                stream="bulk" if number == 3 else "transactional",
                category=None if number == 2 else "News",
                provider="Google" if number < 2 else None,
                kind="to",
                recipient=f"r{number}@far.test",
                from_address="a@b.test",
                subject="",
            )
        )
    return Message.objects.bulk_create(made)


def tell(message: Message, kind: E, details: dict[str, Any], minutes: int) -> EventRow:
    attempt = new_id() if kind in ATTEMPTS or "email_service_provider" in details else None
    at = NOON + timedelta(minutes=minutes)
    return EventRow(new_id(), message.pk, message.account_id, kind, at, attempt, details)


def from_scratch() -> dict[tuple[Any, ...], dict[str, int]]:
    """What the rows of Event and Message add up to, in the order of the feed, by a plain loop."""
    found: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    of_message, seen = Message.objects.in_bulk(), set()
    everything = [one for key in {one.account_id for one in of_message.values()} for one in feed.read(key, 0, 10_000)]
    for event in sorted(everything, key=lambda one: one.number):
        message, kind = of_message[event.message_id], E(event.type)
        if kind in ONCE and (message.pk, kind) in seen:
            continue
        seen.add((message.pk, kind))
        provider = message.provider if event.attempt_id is None else event.details.get("email_service_provider")
        hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
        key = (message.account_id, hour, message.domain_id, message.stream, message.category or "", provider or "")
        named = ONCE.get(kind) or {E.DELIVERY: "delivered", E.SOFT_BOUNCE: "soft_bounced"}.get(kind)
        if named:
            found[key][named] += 1
        if kind in (E.OPEN, E.CLICK):
            each, first = ("opens", "opened") if kind is E.OPEN else ("clicks", "clicked")
            if "machine" in event.details:
                found[key][f"machine_{each}"] += 1
            else:
                found[key][each] += 1
                found[key][first] += bool(event.details.get("first"))
    return dict(found)


def counted(model: Any, time: str) -> dict[tuple[Any, ...], dict[str, int]]:
    names = ("account_id", time, "domain_id", "stream", "category", "provider")
    return {tuple(row[name] for name in names): {name: row[name] for name in COUNTED} for row in model.objects.values()}


def by_day(hours: dict[tuple[Any, ...], dict[str, int]]) -> dict[tuple[Any, ...], dict[str, int]]:
    found: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    for (account, hour, *rest), counts in hours.items():
        for name, count in counts.items():
            found[account, hour.astimezone(UTC).date(), *rest][name] += count
    return dict(found)


@st.composite
def lives(draw: DrawFn) -> tuple[list[list[Happening]], list[int]]:
    """Batches as they are written, and by how many events the reader goes on; zero is a reader that ends midway."""
    one = st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.sampled_from([-4000, -31, 0, 1, 29, 31, 1500]))
    batches = draw(st.lists(st.lists(one, min_size=1, max_size=6), min_size=1, max_size=8))
    return batches, draw(st.lists(st.integers(0, 5), max_size=12))


class Crash(Exception):
    """The reader's process ends after it has written and before it commits."""


def crash(events: Any) -> None:
    counters.take(events)
    raise Crash


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives())
def test_the_counters_are_what_the_rows_add_up_to(world: World, life: tuple[list[list[Happening]], list[int]]) -> None:
    batches, steps = life
    with transaction.atomic():
        made, plan = messages(world), iter(steps)
        for batch in batches:
            insert_events(raw_cursor(), [tell(made[place], *what, minutes) for place, what, minutes in batch])
            feed.give_numbers()
            step = next(plan, None)
            if step:
                feed.advance(READER, counters.take, step)
            elif step == 0:
                with pytest.raises(Crash):
                    feed.advance(READER, crash, 3)
        while feed.advance(READER, counters.take, 2):
            pass
        hours = counted(HourlyCount, "hour")
        assert hours == from_scratch()
        assert counted(DailyCount, "day") == by_day(hours)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_an_event_whose_message_is_gone_counts_nowhere_and_holds_nothing_up(world: World) -> None:
    gone, kept, *_ = messages(world)
    insert_events(raw_cursor(), [tell(gone, E.SPAM, {}, 0), tell(kept, E.SPAM, {}, 0)])
    Message.objects.filter(pk=gone.pk).delete()
    feed.give_numbers()
    feed.advance(READER, counters.take, 100)
    assert [(one.domain_id, one.spam) for one in HourlyCount.objects.all()] == [(kept.domain_id, 1)]
    assert FeedPosition.objects.get(reader=READER).number == 2


@pytest.mark.django_db
def test_counters_outlive_the_rows_they_were_counted_from(world: World) -> None:
    message = messages(world)[1]
    insert_events(raw_cursor(), [tell(message, E.DELIVERY, {"email_service_provider": "Google"}, 0)])
    feed.give_numbers()
    feed.advance(READER, counters.take, 100)
    Message.objects.all().delete()
    Event.objects.all().delete()
    assert HourlyCount.objects.get().delivered == DailyCount.objects.get().delivered == 1
    assert not CountedOnce.objects.exists()
    forget_hours(NOON + timedelta(days=89), time.monotonic() + 5)
    assert HourlyCount.objects.exists()
    assert not forget_hours(NOON + timedelta(days=91), time.monotonic() + 5)
    assert (HourlyCount.objects.count(), DailyCount.objects.count()) == (0, 1)
