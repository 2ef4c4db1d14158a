"""What replies, successes and other processes do to a site's pace: pure, by tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.reply import parse_reply
from sending.queue import pacing
from sending.queue.pacing import Limits, Pace, after_complaint, after_round, after_success, first_pace, share
from sending.replies.asks import Asks
from sending.replies.classify import Phase, classify

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = Limits(start=2, most=20, messages_per_connection=100, idle_seconds=5)
FULL = Pace(connections=8, messages_per_connection=100)


@pytest.mark.parametrize(
    ("reply", "phase", "asks"),
    [
        ("421 4.7.0 Try again later, closing connection", Phase.MAIL, Asks.PAUSE),
        ("421 Service not available", Phase.RCPT, Asks.PAUSE),
        ("421 4.3.2 System not accepting network messages", Phase.GREETING, Asks.PAUSE),
        ("450 4.3.2 Service currently unavailable", Phase.MAIL, Asks.PAUSE),
        ("452 4.4.5 Insufficient system resources, system congested", Phase.RCPT, Asks.PAUSE),
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail\r\n421 4.7.28 gsmtp",
            Phase.DATA,
            Asks.PAUSE,
        ),
        ("451 4.7.500 Server busy. Please try again later", Phase.RCPT, Asks.PAUSE),
        ("421 4.7.0 [TSS04] Messages deferred due to unexpected volume", Phase.MAIL, Asks.PAUSE),
        ("450 4.7.1 Error: you are sending mail too fast", Phase.RCPT, Asks.PAUSE),
        ("452 4.2.1 Rate-limited, slow down", Phase.RCPT, Asks.PAUSE),
        ("554 5.3.2 Go away", Phase.GREETING, Asks.PAUSE),
        ("451 4.7.1 Please try later", Phase.RCPT, Asks.LESS),
        ("421 4.7.0 Too many connections from your host", Phase.GREETING, Asks.FEWER),
        ("450 4.7.0 Too many concurrent SMTP connections", Phase.MAIL, Asks.FEWER),
        ("421 4.7.0 Too many messages on this connection", Phase.MAIL, Asks.SHORTER),
        ("452 4.5.3 Too many mails in this session", Phase.MAIL, Asks.SHORTER),
        ("450 4.2.0 Greylisted, try again in 300 seconds", Phase.RCPT, None),
        ("451 4.7.1 Greylisting in action", Phase.RCPT, None),
        ("450 4.2.1 The user you are trying to contact is receiving mail too quickly", Phase.RCPT, None),
        ("452 4.2.2 Mailbox full", Phase.RCPT, None),
        ("550 5.7.1 Refused by policy", Phase.RCPT, None),
        ("550 5.1.1 No such user", Phase.RCPT, None),
        ("451 4.7.26 No DKIM signature", Phase.DATA, None),
    ],
)
def test_what_a_reply_asks_of_us_towards_the_whole_site(reply, phase, asks):
    assert classify(parse_reply(reply.encode() + b"\r\n"), phase).asks is asks


@pytest.mark.parametrize(
    ("pace", "asks", "situation", "expected"),
    [
        (FULL, Asks.PAUSE, {"standing": 8}, {"connections": 4, "strikes": 1, "throttled_until": 15}),
        (FULL, Asks.LESS, {"standing": 8}, {"connections": 4, "strikes": 1, "throttled_until": None}),
        (Pace(4, 100, strikes=2), Asks.LESS, {"standing": 4}, {"connections": 2, "strikes": 3, "throttled_until": 60}),
        (Pace(1, 100, strikes=9), Asks.PAUSE, {"standing": 1}, {"connections": 1, "throttled_until": 900}),
        (FULL, Asks.FEWER, {"standing": 3}, {"connections": 3, "strikes": 0, "throttled_until": None}),
        (FULL, Asks.FEWER, {"standing": 30}, {"connections": 8}),
        (FULL, Asks.FEWER, {"standing": 0}, {"connections": 4, "throttled_until": 15}),
        (FULL, Asks.SHORTER, {"standing": 3, "sent": 5}, {"connections": 8, "messages_per_connection": 5}),
        (FULL, Asks.SHORTER, {"standing": 3, "sent": 0}, {"connections": 4, "throttled_until": 15}),
        (Pace(1, 100), Asks.PAUSE, {"standing": 1, "last_minute": 60}, {"per_minute": 30}),
        (Pace(1, 100, per_minute=20), Asks.PAUSE, {"standing": 1, "last_minute": 60}, {"per_minute": 10}),
        (Pace(1, 100, per_minute=1), Asks.PAUSE, {"standing": 1, "last_minute": 1}, {"per_minute": 1}),
        (FULL, Asks.PAUSE, {"standing": 8, "last_minute": 60}, {"per_minute": None}),
    ],
)
def test_complaints_lower_the_pace(pace, asks, situation, expected):
    after = after_complaint(pace, asks, NOW, **situation)
    if expected.get("throttled_until"):
        expected = expected | {"throttled_until": NOW + timedelta(seconds=expected["throttled_until"])}
    assert {name: getattr(after, name) for name in expected} == expected


def test_what_comes_in_during_a_pause_does_not_lengthen_it():
    paused = after_complaint(FULL, Asks.PAUSE, NOW, standing=8)
    again = after_complaint(paused, Asks.PAUSE, NOW + timedelta(seconds=3), standing=2)
    assert (again.connections, again.strikes, again.throttled_until) == (4, 1, paused.throttled_until)


def test_a_new_site_starts_low_and_grows_to_the_ceiling_in_rounds():
    pace, rounds = first_pace(LIMITS), 0
    assert (pace.connections, pacing.round_of(pace)) == (2, 20)
    while pace.connections < LIMITS.most:
        pace, rounds = after_round(pace, LIMITS), rounds + 1
    assert rounds == 18
    assert after_round(pace, LIMITS) == pace


def test_a_learnt_rate_grows_until_it_is_no_bound():
    pace, rounds = Pace(1, 100, per_minute=1), 0
    while pace.per_minute is not None:
        grown = after_round(pace, LIMITS)
        assert grown.per_minute is None or grown.per_minute > pace.per_minute
        pace, rounds = grown, rounds + 1
    assert rounds < 40


def test_a_success_ends_the_row_of_complaints():
    assert after_success(Pace(4, 100, strikes=3, throttled_until=NOW)) == Pace(4, 100)


def test_what_was_learnt_elsewhere_keeps_to_todays_settings():
    assert pacing.bounded(Pace(50, 1000), LIMITS) == Pace(20, 100)
    assert pacing.bounded(Pace(0, 0), LIMITS) == Pace(1, 1)


@given(st.integers(1, 100), st.integers(1, 100))
def test_shares_together_keep_to_the_whole_unless_there_are_too_many_users(total, users):
    assert share(total, users) >= 1
    if users <= total:
        assert share(total, users) * users <= total


@given(st.lists(st.sampled_from([*Asks, None])), st.integers(0, 50), st.integers(0, 50))
def test_no_history_leads_out_of_the_bounds(history, standing, sent):
    pace, now = first_pace(LIMITS), NOW
    for asks in history:
        now += timedelta(seconds=20)
        if asks is None:
            pace = after_round(after_success(pace), LIMITS)
        else:
            pace = after_complaint(pace, asks, now, standing=standing, sent=sent, last_minute=sent)
        assert 1 <= pace.connections <= LIMITS.most
        assert 1 <= pace.messages_per_connection <= LIMITS.messages_per_connection
        assert pace.per_minute is None or pace.per_minute >= 1
        assert pace.throttled_until is None or pace.throttled_until - now <= pacing.LONGEST_PAUSE
