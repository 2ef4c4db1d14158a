"""What became of mail by the value of a custom variable. The counters know no variables, so the rows of the log are
read, the newest first and within a bound."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from sending.log.paging import newest_values
from sending.log.query import Query
from sending.models import MessageStatus, Submission
from sending.models.identifiers import time_of

MOST_ROWS = 20_000
"""Emails that one table looks at."""
_AT_ONCE = 5_000
_TELLING = ("status", "opens_count", "clicks_count", "opted_out_at")
_DELIVERED = {MessageStatus.DELIVERED, MessageStatus.CAPTURED}


@dataclass(frozen=True, slots=True)
class OfValue:
    """Emails whose variable has this value, and how many of them had each fate."""

    value: str
    emails: int
    delivered: int
    bounced: int
    opened: int
    clicked: int
    opted_out: int


@dataclass(frozen=True, slots=True)
class ByVariable:
    """The values with most mail first. `looked_back_to`: where the bound cut the search, else None."""

    values: list[OfValue]
    looked_back_to: datetime | None


def by_variable(account_id: int, query: Query, name: str) -> ByVariable:
    """Groups the newest `MOST_ROWS` emails of the question by the text of one variable; mail without it is left out."""
    rows = newest_values(account_id, query, MOST_ROWS + 1, "submission_id", *_TELLING, "pk")
    is_part = len(rows) > MOST_ROWS
    rows = rows[:MOST_ROWS]
    values = _values({row[0] for row in rows}, name)
    fates: dict[str, Counter[str]] = {}
    for submission_id, *telling, _message_id in rows:
        value = values.get(submission_id)
        if value is not None:
            fates.setdefault(value, Counter()).update(_fate(*telling))
    counted = [
        OfValue(value, *(fate[one] for one in ("emails", "delivered", "bounced", "opened", "clicked", "opted_out")))
        for value, fate in fates.items()
    ]
    counted.sort(key=lambda one: (-one.emails, one.value))
    return ByVariable(counted, time_of(rows[-1][-1]) if is_part else None)


def _fate(status: str, opens: int, clicks: int, opted_out_at: datetime | None) -> dict[str, int]:
    return {
        "emails": 1,
        "delivered": int(status in _DELIVERED),
        "bounced": int(status == MessageStatus.BOUNCED),
        "opened": int(opens > 0),
        "clicked": int(clicks > 0),
        "opted_out": int(opted_out_at is not None),
    }


def _values(submissions: set[UUID], name: str) -> dict[UUID, str]:
    """The text of the variable by submission, where it has one."""
    ordered = sorted(submissions)
    found: dict[UUID, str] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        found |= dict(_texts(ordered[start : start + _AT_ONCE], name))
    return found


def _texts(some: Sequence[UUID], name: str) -> Sequence[tuple[UUID, str]]:
    # The bounds leave out the partitions that hold none of them.
    rows = Submission.objects.filter(pk__in=some, pk__gte=some[0], pk__lte=some[-1])
    told = rows.annotate(value=KeyTextTransform(name, "custom_variables")).filter(value__isnull=False)
    return list(told.values_list("pk", "value"))
