"""Pages of the log by key, across weekly partitions, and the bound of a search that reads row by row."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import QuotaOverride
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import paging
from sending.log.conditions import Condition
from sending.log.paging import count_newer, fetch, has_any, newer_than, total
from sending.log.query import Query
from sending.models import Message

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


@pytest.fixture
def messages(world: World) -> list[Message]:
    """Ten of them, two days apart, so that they lie in at least three partitions; newest first. All are kept."""
    QuotaOverride.objects.create(account=world.account, term="log_days", value=60, reason="For long lists.")
    return [make_message(world.domain, f"r{n}@far.test", at=NOW - timedelta(days=2 * n)) for n in range(10)]


def test_the_messages_of_the_tests_lie_in_several_partitions(messages: list[Message]):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT tableoid), bool_or(tableoid::regclass::text LIKE '%%default') FROM sending_message"
        )
        partitions, in_default = cursor.fetchone()
    assert partitions >= 3
    assert not in_default


def test_pages_follow_each_other_without_gap_or_repetition(world: World, messages: list[Message]):
    seen, before = [], None
    while True:
        page = fetch(world.account.pk, Query(), before=before, size=3)
        seen += page.rows
        if (before := page.older) is None:
            break
    assert seen == messages


def test_a_last_page_that_is_exactly_full_ends_the_list(world: World, messages: list[Message]):
    assert fetch(world.account.pk, Query(), size=10).older is None


def test_newer_leads_back_over_the_same_pages(world: World, messages: list[Message]):
    account = world.account.pk
    first = fetch(account, Query(), size=3)
    second = fetch(account, Query(), before=first.older, size=3)
    assert first.older
    assert second.older
    third = fetch(account, Query(), before=second.older, size=3)
    above = newer_than(account, Query(), second.older, size=3)
    assert fetch(account, Query(), before=above, size=3).rows == second.rows
    assert third.rows == messages[6:9]
    assert newer_than(account, Query(), first.older, size=3) is None


def test_dates_cut_the_list_and_its_count(world: World, messages: list[Message]):
    query = Query(sent_after=NOW - timedelta(days=9), sent_before=NOW - timedelta(days=1))
    assert fetch(world.account.pk, query).rows == messages[1:5]
    assert total(world.account.pk, query).count == 4


def test_what_is_no_domain_finds_nothing_by_any_way(world: World, messages: list[Message]):
    for more in ((), (Condition("subject", "ci_contain", ("e",)),)):
        query = Query(conditions=(Condition("domain_id", "equal", ("none",)), *more))
        assert fetch(world.account.pk, query).rows == []
        assert total(world.account.pk, query).count == 0
        assert count_newer(world.account.pk, query, messages[7].pk) == 0
        assert newer_than(world.account.pk, query, messages[7].pk) is None


def test_beginnings_are_found_whether_few_or_many(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    query = Query(conditions=(Condition("to", "ci_start", ("R1", "r7@")),))
    for few in (0, 5_000):
        monkeypatch.setattr(paging, "FEW", few)
        assert fetch(world.account.pk, query).rows == [messages[1], messages[7]]
        assert total(world.account.pk, query).count == 2
    assert fetch(world.account.pk, Query(conditions=(Condition("to", "ci_start", ("r_",)),))).rows == []


def test_new_rows_are_counted_across_partitions_up_to_a_bound(world: World, messages: list[Message]):
    account = world.account.pk
    assert count_newer(account, Query(), messages[0].pk) == 0
    assert count_newer(account, Query(), messages[7].pk) == 7
    assert count_newer(account, Query(), messages[7].pk, most=5) == 5
    assert count_newer(account, Query(conditions=(Condition("to", "ci_equal", ("r2@far.test",)),)), messages[7].pk) == 1


def test_the_count_is_capped(world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paging, "COUNT_TO", 7)
    assert total(world.account.pk, Query()) == paging.Total(7, capped=True)
    monkeypatch.setattr(paging, "COUNT_TO", 10)
    assert total(world.account.pk, Query()) == paging.Total(10, capped=False)


def test_a_search_reads_a_bounded_number_of_rows_and_goes_on_by_cursor(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paging, "SCAN_ROWS", 4)
    query = Query(text="r9@")
    first = fetch(world.account.pk, query)
    assert first.rows == []
    assert first.older == messages[3].pk
    assert first.looked_back_to == messages[3].sent_at
    second = fetch(world.account.pk, query, before=first.older)
    third = fetch(world.account.pk, query, before=second.older)
    assert second.rows == []
    assert third.rows == [messages[9]]
    assert third.older is None
    assert total(world.account.pk, query) == paging.Total(0, capped=True)


def test_one_recipient_is_found_however_far_back(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paging, "SCAN_ROWS", 1)
    both = (Condition("to", "ci_equal", ("R9@far.test",)), Condition("subject", "ci_contain", ("order",)))
    assert fetch(world.account.pk, Query(conditions=both)).rows == [messages[9]]


def test_a_page_never_visits_the_default_partition(world: World, messages: list[Message]):
    with CaptureQueriesContext(connection) as queries:
        fetch(world.account.pk, Query(), size=3)
    pages = [one["sql"] for one in queries if 'FROM "sending_message"' in one["sql"]]
    assert pages
    for statement in pages:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "default" not in plan
        assert "Append" not in plan


def test_another_accounts_mail_is_never_in_the_list(world: World, messages: list[Message]):
    assert fetch(world.stranger_account.pk, Query()).rows == []
    assert not has_any(world.stranger_account.pk)
    assert has_any(world.account.pk)
    assert paging.find(world.stranger_account.pk, messages[0].pk) is None
