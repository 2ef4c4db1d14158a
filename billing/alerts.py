"""That an account came near a limit: recorded once, in the transaction that reached it. `billing.tell_alerts` tells it
after the commit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from billing.models import UsageAlert
from billing.quota import crossed
from billing.terms import Terms
from mailtrap_site.bulk_values import Column

TELL = "billing.tell_alerts"
"""The task, on the queue "upkeep"."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One account's meter on its way from `before` to `after`. `before` is zero where the
    limit has changed: then all thresholds of the new one that are reached are news, once."""

    account_id: int
    period_starts_at: datetime
    before: int
    after: int
    terms: Terms


def record(cursor: "psycopg.Cursor[Any]", passed: Sequence[Passed], now: datetime) -> bool:
    """Records each threshold that was reached, once in its period and for its limit, on the caller's transaction.

    Whether there may be something to tell; only then it costs a statement. Of several thresholds reached at once, the
    highest alone is to be told.
    """
    alerts = [alert for one in passed for alert in _alerts(one, now)]
    if not alerts:
        return False
    columns = zip(*alerts, strict=True)
    cursor.execute(_INSERT, tuple(Column(kind, values) for kind, values in zip(_KINDS, columns, strict=True)))
    return True


_KINDS = ("bigint", "timestamptz", "text", "bigint", "integer", "bigint", "timestamptz", "timestamptz")
_Alert = tuple[int, datetime, str, int, int, int, datetime, datetime | None]

_INSERT = f"""
INSERT INTO {UsageAlert._meta.db_table}
    (account_id, period_starts_at, "of", "limit", threshold, used, recorded_at, told_at)
SELECT * FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[], %b::bigint[], %b::integer[], %b::bigint[],
    %b::timestamptz[], %b::timestamptz[])
ON CONFLICT (account_id, period_starts_at, "of", "limit", threshold) DO NOTHING
"""  # noqa: S608 the table's name comes from the model


def _alerts(passed: Passed, now: datetime) -> Iterator[_Alert]:
    for of, before, after, limit in _judged(passed):
        reached = crossed(before, after, limit)
        for threshold in reached:
            told_at = None if threshold == reached[-1] else now
            yield passed.account_id, passed.period_starts_at, of, limit, threshold, passed.after, now, told_at


def _judged(passed: Passed) -> Iterator[tuple[str, int, int, int]]:
    """Against the plan's limit, and what is above it against what the account pays for."""
    limit, cap = passed.terms.emails_per_month, passed.terms.overage_cap
    if limit is None:
        return
    yield UsageAlert.Of.LIMIT.value, passed.before, passed.after, limit
    if cap:
        yield UsageAlert.Of.OVERAGE.value, max(passed.before - limit, 0), passed.after - limit, cap
