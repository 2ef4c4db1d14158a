"""With 200,000 messages of one account, no page of its log reads that history, whatever it asks for."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.log import paging
from sending.log.conditions import Condition
from sending.log.paging import count_newer, fetch, newer_than, total
from sending.log.query import Query
from sending.models import Message, MessageStatus
from sending.models.statements import raw_cursor
from sending.tests.long_queue import add_rows

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

MANY = 200_000
RARE_DOMAIN = 999_999


def asks(name, operator, *values):
    return Query(conditions=(Condition(name, operator, values),))


def statuses(*values):
    return Query(statuses=values)


BY_INDEX = {
    "all": Query(),
    "one recipient": asks("to", "ci_equal", "READER1177@d177.test"),
    "nobody": asks("to", "ci_equal", "nobody@d1.test"),
    "several recipients": asks("to", "ci_equal", "reader1177@d177.test", "reader2@d2.test", "nobody@d1.test"),
    "bounces, of which there are few": statuses(MessageStatus.BOUNCED),
    "a status of which there is none": statuses(MessageStatus.HELD),
    "not delivered": asks("status", "equal", "not_delivered"),
    "opted out": asks("status", "equal", "opted_out"),
    "on its way": asks("status", "equal", "enqueued"),
    "a provider of which there are few": asks("email_service_provider", "equal", "Yahoo"),
    "a provider of which there is none": asks("email_service_provider", "equal", "iCloud"),
    "a provider of half of them": asks("email_service_provider", "equal", "Google"),
    "two providers": asks("email_service_provider", "equal", "Google", "Yahoo"),
    "a category of which there are few": asks("category", "equal", "Password reset"),
    "a category of which there is none": asks("category", "equal", "Nothing"),
    "a category of half of them": asks("category", "equal", "News"),
    "a domain of which there are few": asks("domain_id", "equal", str(RARE_DOMAIN)),
    "several domains": asks("sending_domain_id", "equal", str(RARE_DOMAIN), "999998"),
    "a day without mail": Query(sent_after=timezone.now() - timedelta(days=2), sent_before=timezone.now()),
}
ROW_BY_ROW = {
    "delivered": asks("status", "equal", "delivered"),
    "delivered and captured": statuses(MessageStatus.DELIVERED, MessageStatus.CAPTURED),
    "a search": Query(text="nothing like it"),
    "a start of none": asks("to", "ci_start", "nobody"),
    "a start of few": asks("to", "ci_start", "Reader1177"),
    "a start of all": asks("to", "ci_start", "reader"),
    "a category and a status": Query(
        conditions=(Condition("category", "equal", ("News",)),), statuses=(MessageStatus.DELIVERED,)
    ),
    "events": asks("events", "include_event", "click"),
    "spam": asks("events", "include_event", "spam"),
    "a client": asks("client_ip", "equal", "192.0.2.1"),
    "a variable": asks("custom_variable", "equal", "order=1"),
    "a provider and a status": Query(
        conditions=(Condition("email_service_provider", "equal", ("Google",)),), statuses=(MessageStatus.BOUNCED,)
    ),
}


def test_no_page_reads_the_history_of_an_account(monkeypatch):
    """One test, since the rows of one would be in the way of the next. Half of all mail is of others, and bounced."""
    world = _fill()
    monkeypatch.setattr(paging, "SCAN_ROWS", 2_000)
    monkeypatch.setattr(paging, "COUNT_TO", 1_000)
    monkeypatch.setattr(paging, "FEW", 500)
    account, middle = world.account.pk, Message.objects.filter(account=world.account).order_by("id")[MANY // 2].pk
    # Of few thousand rows that an index finds, PostgreSQL may rather read all than go by its order.
    for name, query in {**BY_INDEX, **ROW_BY_ROW}.items():
        bounded = 12 * paging.SCAN_ROWS if query.is_bounded else 0
        for what, ask in {
            "newest": lambda query=query: fetch(account, query),
            "older": lambda query=query: fetch(account, query, before=middle),
            "newer": lambda query=query: newer_than(account, query, middle),
            "news": lambda query=query: count_newer(account, query, middle),
        }.items():
            assert _rows_read(ask) < 1_500 + bounded, (name, what)
        assert _rows_read(lambda query=query: total(account, query)) < 1_500 + paging.COUNT_TO + bounded, name


def test_only_what_an_index_answers_may_read_without_bound():
    assert [name for name, query in BY_INDEX.items() if query.is_bounded] == []
    assert [name for name, query in ROW_BY_ROW.items() if not query.is_bounded] == []


def _fill():
    world = make_world()
    cursor = raw_cursor()
    for account in (world.account.pk, world.stranger_account.pk):
        add_rows(
            cursor,
            MANY if account == world.account.pk else MANY // 2,
            accepted_at=timezone.now() - timedelta(hours=2),
            account=account,
            destinations=1000,
            is_queued=False,
            span=timedelta(hours=1),
        )
    mine, others = Message.objects.filter(account=world.account), Message.objects.filter(account=world.stranger_account)
    others.update(status="bounced", provider="iCloud", finished_at=timezone.now())
    oldest = list(mine.order_by("id").values_list("pk", flat=True)[:20])
    mine.filter(recipient__contains="0@").update(provider="Google")
    mine.filter(recipient__contains="1@").update(category="News")
    mine.filter(pk__in=oldest[:5]).update(status="bounced", category="Password reset", domain=RARE_DOMAIN)
    mine.filter(pk__in=oldest[5:10]).update(provider="Yahoo")
    mine.filter(pk__in=oldest[10:]).update(opted_out_at=timezone.now())
    cursor.execute("ANALYZE sending_message")
    return world


def _rows_read(ask):
    """Rows that the statements of `ask` took from the table of messages, those that were thrown away among them."""
    plans = []

    def explain(execute, sql, params, many, context):
        if "sending_message" in sql and sql.lstrip("( ").startswith("SELECT") and "pg_inherits" not in sql:
            with connection.connection.cursor() as other:
                other.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, params)
                [[found]] = other.fetchall()
            plans.extend(found if isinstance(found, list) else json.loads(found))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        ask()
    assert plans
    return sum(_read(node) for plan in plans for node in _nodes(plan["Plan"]))


def _nodes(plan: dict[str, Any]):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _read(node: dict[str, Any]) -> float:
    if not node.get("Relation Name", node.get("Index Name", "")).startswith(("sending_message", "message_by")):
        return 0
    thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return (node["Actual Rows"] + thrown) * node["Actual Loops"]
