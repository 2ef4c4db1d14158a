"""The limits of day and token hold as exactly as the month's, and what they refuse leaves no trace."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.fitting import Demand, Limit, Room
from billing.metering import Returned, give_back
from billing.models import UsageDay
from billing.tests.senders import NOW, ask, demand, fifty_at_once, grant, make_account, raw_cursor, used_by

TURN = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""When the next period of the account begins, in the middle of a day."""


def counted(**conditions: object) -> int:
    return sum(UsageDay.objects.filter(**conditions).values_list("used", flat=True))


@pytest.mark.django_db
def test_a_day_takes_its_limit_and_the_next_day_begins_at_midnight_utc():
    account = make_account(emails_per_day=10)
    assert ask(demand(account, 6), demand(account, 5), demand(account, 4)) == [None, Limit.DAY, None]
    assert ask(demand(account)) == [Limit.DAY]
    assert used_by(account) == 10
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert ask(demand(account), now=midnight - timedelta(microseconds=1)) == [Limit.DAY]
    assert ask(demand(account, 10), now=midnight) == [None]


@pytest.mark.django_db
def test_a_token_has_a_month_of_its_own_beside_the_others():
    account = make_account()
    one, other = ({"token_id": token, "token_limit": limit} for token, limit in ((7, 5), (8, None)))
    assert ask(demand(account, 6, **one), demand(account, 6, **other), demand(account, 5, **one)) == [
        Limit.TOKEN,
        None,
        None,
    ]
    assert ask(demand(account, **one), now=TURN - timedelta(seconds=1)) == [Limit.TOKEN]
    assert ask(demand(account, **one), now=TURN) == [None]
    assert {token: counted(token_id=token) for token in (7, 8)} == {7: 6, 8: 6}


@pytest.mark.django_db
def test_a_day_counts_on_through_the_turn_of_the_period():
    account = make_account(emails_per_day=10)
    assert ask(demand(account, 7), now=TURN - timedelta(hours=1)) == [None]
    assert ask(demand(account, 4), demand(account, 3), now=TURN) == [Limit.DAY, None]
    assert sorted(UsageDay.objects.values_list("used", flat=True)) == [3, 7]


@pytest.mark.django_db
def test_days_are_counted_by_domain_stream_and_token():
    account = make_account()
    ask(demand(account, 2), demand(account, 1, stream="bulk"), demand(account, 4, domain="b.test", token_id=3))
    ask(demand(account, 1))
    rows = set(UsageDay.objects.values_list("day", "domain", "stream", "token_id", "used"))
    assert {row[1:] for row in rows} == {
        ("acme.test", "transactional", 0, 3),
        ("acme.test", "bulk", 0, 1),
        ("b.test", "transactional", 3, 4),
    }
    assert {row[0] for row in rows} == {NOW.date()}


@pytest.mark.django_db
def test_what_is_given_back_makes_room_in_day_token_and_month():
    account = make_account(emails_per_day=3)
    token = {"token_id": 7, "token_limit": 3}
    assert ask(demand(account, 3, **token)) == [None]
    give_back(raw_cursor(), [Returned(account.pk, NOW, "acme.test", "transactional", 7)] * 2)
    assert (used_by(account), UsageDay.objects.get().given_back) == (1, 2)
    assert ask(demand(account, 3, **token), demand(account, 2, **token)) == [Limit.DAY, None]


@pytest.mark.django_db
def test_a_lifted_limit_counts_from_the_next_mail_on():
    account = make_account(emails_per_day=1)
    assert ask(demand(account, 2)) == [Limit.DAY]
    grant(account, "emails_per_day", None)
    assert ask(demand(account, 2)) == [None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [Limit.DAY, Limit.TOKEN])
def test_fifty_senders_at_once_never_pass_the_limit(limit: Limit):
    account = make_account(emails_per_day=10 if limit is Limit.DAY else None)
    token = {"token_id": 7, "token_limit": 10} if limit is Limit.TOKEN else {}
    answers = fifty_at_once(lambda number: demand(account, 1 + number % 2, **token))
    accepted = sum(1 + number % 2 for number, answer in enumerate(answers) if answer is None)
    assert used_by(account) == counted() == accepted
    assert accepted in (9, 10)
    assert set(answers) == {None, limit}


@pytest.mark.django_db(transaction=True)
def test_fifty_senders_at_the_turn_of_the_period_never_pass_the_day():
    account = make_account(emails_per_day=10)
    answers = fifty_at_once(lambda _: demand(account), lambda number: TURN + timedelta(seconds=number % 2 - 1))
    assert answers.count(None) == counted() == used_by(account) == 10


class TheCountersAddUp(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.lists(
                    st.tuples(st.integers(1, 9), st.sampled_from([0, 7, 8]), st.sampled_from(["a.test", "b.test"]))
                ),
                st.integers(0, 2_000),
            ),
            max_size=8,
        )
    )
    def test_whatever_is_asked_the_counters_show_what_was_accepted(
        self, batches: list[tuple[list[tuple[int, int, str]], int]]
    ) -> None:
        account = make_account(emails_per_day=25, emails_per_month=60)
        limits = {0: None, 7: 12, 8: None}
        now, accepted = NOW, []
        for batch, minutes in batches:
            now += timedelta(minutes=minutes)
            demands = [demand(account, n, token_id=t, token_limit=limits[t], domain=d) for n, t, d in batch]
            answers = ask(*demands, now=now)
            accepted += [(now, one) for one, answer in zip(demands, answers, strict=True) if answer is None]
        assert used_by(account) == counted() == sum(one.recipients for _, one in accepted)
        for day in {moment.date() for moment, _ in accepted}:
            of_day = sum(one.recipients for moment, one in accepted if moment.date() == day)
            assert counted(day=day) == of_day <= 25
        for token in (7, 8):
            assert counted(token_id=token) == sum(one.recipients for _, one in accepted if one.token_id == token)
        for row in account.usage_periods.all():
            assert row.used == sum(row.days.values_list("used", flat=True)) <= 60
            assert sum(row.days.filter(token_id=7).values_list("used", flat=True)) <= 12


def test_room_is_taken_whole_or_not_at_all():
    room = Room(month=5, day=4, tokens={7: 3})
    ask = [
        Demand(1, count, "a.test", "bulk", token_id=token) for count, token in ((6, 0), (5, 0), (4, 7), (3, 7), (1, 7))
    ]
    assert [room.take(one) for one in ask] == [Limit.MONTH, Limit.DAY, Limit.TOKEN, None, Limit.TOKEN]
    assert (room.month, room.day, room.tokens) == (2, 1, {7: 0})
