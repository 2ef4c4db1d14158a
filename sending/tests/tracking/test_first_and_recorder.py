"""What only real transactions and threads show: one first opening whoever counts at once, and a recorder that waits for
a database that is away and loses nothing on the way out."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.events.record import News, record_news
from sending.models import Event, Message
from sending.tracking import recorder, recording
from sending.tracking.seen import Link, Seen

pytestmark = pytest.mark.django_db(transaction=True)

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def messages(transactional_db: None) -> list[Message]:
    domain = make_world().domain
    made = [make_message(domain, f"reader{number}@far.test") for number in range(3)]
    Message.objects.update(finished_at=datetime.now(UTC) - timedelta(hours=1))
    return made


@pytest.fixture
def running(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.GROUP_COMMIT_INLINE = False  # type: ignore[attr-defined]
    monkeypatch.setattr(recorder, "TICK", 0.05)
    monkeypatch.setattr(recorder, "PAUSE", 0.05)
    yield
    recorder.close()


def seen(message: Message, kind: str = "open", target: bytes = b"", **more: object) -> Seen:
    return Seen(Link(kind, message.pk, target), datetime.now(UTC), "203.0.113.9", AGENT, **more)  # type: ignore[arg-type]


def test_the_first_is_one_whoever_counts_at_the_same_time(messages: list[Message]) -> None:
    begin, problems = threading.Barrier(6), []

    def count(order: int) -> None:
        mixed = messages if order % 2 else messages[::-1]
        news = [
            News(one.pk, one.account_id, kind, datetime.now(UTC), details)
            for one in mixed
            for kind in (Event.Type.OPEN, Event.Type.CLICK)
            for details in ({"machine": "a test"}, {}, {})
        ]
        begin.wait(10)
        try:
            for _ in range(5):
                record_news(news)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=count, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    for message in messages:
        message.refresh_from_db()
        assert (message.opens_count, message.clicks_count) == (60, 60)
        for kind in ("open", "click"):
            events = Event.objects.filter(message=message, type=kind)
            assert events.count() == 90
            firsts = events.filter(details__first=True)
            assert firsts.count() == 1
            assert "machine" not in firsts.get().details


def test_what_was_seen_is_written_about_a_second_later_and_several_links_at_once_are_a_machine(
    messages: list[Message], running: None
) -> None:
    for target in (b"https://shop.test/a", b"https://shop.test/b"):
        recorder.note(seen(messages[0], "click", target))
    recorder.note(seen(messages[1], "click", b"https://shop.test/a"))
    recorder.note(seen(messages[1], "open"))
    assert Event.objects.filter(type__in=["open", "click"]).count() == 0
    until = time.monotonic() + 20
    while Event.objects.filter(type__in=["open", "click"]).count() < 4 and time.monotonic() < until:
        time.sleep(0.05)
    machines = Event.objects.filter(type="click").values_list("message_id", "details__machine")
    assert sorted(machines, key=lambda row: (row[0], str(row[1]))) == [
        (messages[0].pk, "several links at once"),
        (messages[0].pk, "several links at once"),
        (messages[1].pk, None),
    ]


def test_a_database_that_is_away_costs_nothing_and_closing_writes_the_rest(
    messages: list[Message], running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = [], recording.record

    def record(batch: list[Seen], beside: list[Seen]) -> int:
        calls.append(len(batch))
        if len(calls) < 3:
            raise OperationalError("the server closed the connection")
        return real(batch, beside)

    monkeypatch.setattr(recorder, "record", record)
    recorder.note(seen(messages[0]))
    until = time.monotonic() + 20
    while not Event.objects.filter(type="open").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert calls == [1, 1, 1]
    recorder.note(seen(messages[1]))
    recorder.close()
    assert Event.objects.filter(type="open").count() == 2


def test_one_that_cannot_be_written_takes_no_other_with_it(
    messages: list[Message], running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = recording.record

    def record(batch: list[Seen], beside: list[Seen]) -> int:
        if any(one.user_agent == "broken" for one in batch):
            raise ValueError("broken")
        return real(batch, beside)

    monkeypatch.setattr(recorder, "record", record)
    for agent in ("broken", AGENT):
        recorder.note(Seen(Link("open", messages[0].pk), datetime.now(UTC), "203.0.113.9", agent))
    recorder.close()
    assert Event.objects.get(type="open").details["user_agent"] == AGENT
