"""The figures of the overview: what is counted, in which hour, and how far back they look."""

from datetime import UTC, datetime, timedelta

import pytest

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.events.record import News, record_news
from sending.log import today as room
from sending.log.problems import recent_problems
from sending.log.today import count, today
from sending.models import Event
from sending.models.identifiers import id_at

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=9, minutes=41)


def row(status: str, hours: float, took: float | None = None) -> room.Row:
    at = MIDNIGHT + timedelta(hours=hours)
    return id_at(at), status, at + timedelta(seconds=took) if took is not None else None, None


def test_figures_count_by_outcome_and_hour():
    rows = [
        row("delivered", 0.5, 1),
        row("captured", 9.5, 3),
        row("delivered", 9.6, 2),
        row("bounced", 8.1, 4),
        row("rejected", 8.2, 0),
        row("queued", 9.65),
        row("deferred", 3.0),
    ]
    figures = count(rows, MIDNIGHT, NOW, deferred_now=4, is_capped=False)
    assert (figures.accepted, figures.delivered, figures.bounced, figures.rejected) == (7, 3, 1, 1)
    assert (figures.leaving, figures.deferred_now, figures.finished) == (1, 4, 5)
    assert figures.delivered_ratio == 3 / 5
    assert figures.median_seconds == pytest.approx(2, abs=0.01)
    assert figures.by_hour["accepted"] == [1, 0, 0, 1, 0, 0, 0, 0, 2, 3]
    assert figures.by_hour["bounced"] == [0] * 8 + [1, 0]


def test_a_day_without_mail_has_no_rates():
    figures = count([], MIDNIGHT, NOW, deferred_now=0, is_capped=False)
    assert figures.delivered_ratio is None
    assert figures.bounced_ratio is None
    assert figures.median_seconds is None


def test_only_the_accounts_mail_since_midnight_counts(world: World):
    now = datetime.now(UTC)
    midnight = now - timedelta(hours=2)
    make_message(world.domain, at=now - timedelta(hours=1))
    make_message(world.domain, at=now - timedelta(hours=3))
    make_message(world.domain, at=now - timedelta(days=4), status="deferred")
    make_message(world.stranger_domain, at=now)
    figures = today(world.account.pk, midnight, now)
    assert figures.accepted == 1
    assert figures.deferred_now == 1


def test_a_busy_day_is_not_read_whole(world: World, monkeypatch: pytest.MonkeyPatch):
    now = datetime.now(UTC)
    for minutes in range(4):
        make_message(world.domain, at=now - timedelta(minutes=minutes))
    monkeypatch.setattr(room, "MOST_ROWS", 3)
    figures = today(world.account.pk, now - timedelta(hours=1), now)
    assert figures.accepted == 3
    assert figures.is_capped


def test_problems_are_grouped_by_cause_newest_first(world: World):
    now = datetime.now(UTC)
    for n in range(3):
        make_message(world.domain, f"r{n}@gone.test", status="bounced", at=now - timedelta(hours=2, minutes=n))
    make_message(world.domain, "a@slow.test", status="deferred", at=now - timedelta(minutes=1))
    make_message(world.domain, "b@gone.test", status="bounced", at=now, reply=(554, "5.7.1", "Spam", "spam"))
    make_message(world.domain, "c@far.test", at=now)
    make_message(world.domain, "d@gone.test", status="bounced", at=now - timedelta(days=5))
    make_message(world.stranger_domain, "e@gone.test", status="bounced", at=now)
    problems = recent_problems(world.account.pk, now)
    assert [(one.heading, one.count, one.answer) for one in problems] == [
        ("gone.test refused 1 email", 1, "554 5.7.1"),
        ("slow.test asks us to come back later", 1, "451 4.7.1"),
        ("3 mailboxes at gone.test do not exist", 3, "550 5.1.1"),
    ]
    assert problems[1].next_try is not None
    assert problems[2].filters == "status=bounced&q=%40gone.test"


def test_a_mail_that_came_back_later_is_told_by_its_report_and_not_by_what_was_said_first(world: World):
    now = datetime.now(UTC)
    message = make_message(world.domain, "late@gone.test", at=now)
    assert message.reply.startswith("250")
    refused = {"response_code": 550, "email_service_provider_status": "5.1.1", "bounce_category": "badrecipient"}
    record_news([News(message.pk, message.account_id, Event.Type.BOUNCE, now, refused)])
    [problem] = recent_problems(world.account.pk, now)
    assert (problem.heading, problem.answer) == ("1 mailbox at gone.test does not exist", "550 5.1.1")
