"""Accounts and demands of the meter's tests, and fifty senders at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import psycopg
from django.db import connection

from accounts.models import Account
from billing.fitting import Demand, Limit
from billing.metering import Reserved, reserve
from billing.models import QuotaOverride, UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from billing.terms import read_terms

LIMIT = FREE.emails_per_month
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SIGNED_UP = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def make_account(name: str = "Acme", used: int = 0, **terms: int | None) -> Account:
    """An account on Free, with other terms where they are given, and `used` recipients in the period of `NOW`."""
    account = Account.objects.create(name=name, created_at=SIGNED_UP)
    for term, value in terms.items():
        grant(account, term, value)
    if used:
        period = period_of(SIGNED_UP, NOW)
        UsagePeriod.objects.create(
            account=account, starts_at=period.starts_at, ends_at=period.ends_at, used=used, message_limit=LIMIT
        )
    return account


def grant(account: Account, term: str, value: int | None) -> None:
    """Another value of one term, in force from sign-up on."""
    QuotaOverride.objects.create(account=account, term=term, value=value, reason="A test.", starts_at=SIGNED_UP)


def demand(account: Account, recipients: int = 1, **others: Any) -> Demand:
    """What one mail asks for; as if `acme.test` sent it by no token, where `others` do not say otherwise."""
    return Demand(account.pk, recipients, **{"domain": "acme.test", "stream": "transactional"} | others)


def reserved(*demands: Demand, now: datetime = NOW, cursor: "psycopg.Cursor | None" = None) -> Reserved:
    """The answer of the meter, on this thread's connection or the cursor's."""
    cursor = cursor or raw_cursor()
    return reserve(cursor, demands, read_terms(cursor, (one.account_id for one in demands), now), now)


def ask(*demands: Demand, now: datetime = NOW, cursor: "psycopg.Cursor | None" = None) -> list[Limit | None]:
    """Which limit refused each of them."""
    return reserved(*demands, now=now, cursor=cursor).refusals


def fifty_at_once(one: Callable[[int], Demand], now: Callable[[int], datetime] = lambda _: NOW) -> list[Limit | None]:
    """The answers to fifty demands, each from a connection of its own that commits."""
    together = Barrier(50)

    def send(number: int) -> Limit | None:
        with another_connection() as other:
            together.wait(30)
            return ask(one(number), now=now(number), cursor=other.cursor())[0]

    with ThreadPoolExecutor(50) as threads:
        return list(threads.map(send, range(50)))


def used_by(account: Account) -> int:
    """What all its meters show together."""
    return sum(UsagePeriod.objects.filter(account=account).values_list("used", flat=True))


def raw_cursor() -> "psycopg.Cursor":
    """Psycopg's own, on this thread's connection."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


@contextmanager
def another_connection() -> Iterator[psycopg.Connection]:
    """Commits at the end."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        yield other
