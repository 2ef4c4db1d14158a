"""The questions that pages, API and alerts ask the counters: totals, and totals by something."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from sending.models import DailyCount, HourlyCount
from sending.models.statistics import COUNTED
from sending.stats.rates import Counts


class By(StrEnum):
    """What one may group by."""

    DOMAIN = "domain"
    STREAM = "stream"
    CATEGORY = "category"
    PROVIDER = "provider"
    TIME = "time"


COLUMN = {By.DOMAIN: "domain_id", By.STREAM: "stream", By.CATEGORY: "category", By.PROVIDER: "provider"}


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days in UTC, the last one included."""

    first: date
    last: date

    @property
    def before(self) -> "Days":
        """As many days, just before."""
        return Days(self.first - (self.last - self.first) - timedelta(days=1), self.first - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole hours in UTC, from `first` to before `end`."""

    first: datetime
    end: datetime

    @property
    def before(self) -> "Hours":
        """As many hours, just before."""
        return Hours(self.first - (self.end - self.first), self.first)


@dataclass(frozen=True, slots=True)
class Question:
    """Of which mail of an account; an empty filter lets everything pass, `domains` None too."""

    account_id: int
    time: Days | Hours
    domains: tuple[int, ...] | None = None
    streams: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    @property
    def before(self) -> "Question":
        """The same of the time before."""
        return replace(self, time=self.time.before)


def hours_until(now: datetime, count: int) -> Hours:
    """The newest hours, the one that runs as the last."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return Hours(end - timedelta(hours=count), end)


def total(question: Question) -> Counts:
    """All together."""
    return Counts(*_rows(question).aggregate(**_SUMS).values())


def by(question: Question, group: By) -> dict[Any, Counts]:
    """By domain id, stream, category, provider, or day or hour, in that order. What nothing was counted of is not
    there; the empty category or provider stands for mail without one."""
    column = COLUMN.get(group) or ("day" if isinstance(question.time, Days) else "hour")
    rows = _rows(question).order_by(column).values_list(column).annotate(**_SUMS)
    return {key: Counts(*counts) for key, *counts in rows}


def by_both(question: Question, group: By) -> dict[tuple[Any, Any], Counts]:
    """By group and time together, in no order."""
    time = "day" if isinstance(question.time, Days) else "hour"
    rows = _rows(question).order_by().values_list(COLUMN[group], time).annotate(**_SUMS)
    return {(key, when): Counts(*counts) for key, when, *counts in rows}


@dataclass(frozen=True, slots=True)
class Choices:
    """What one may filter by, in alphabetical order; the empty category and provider are left out."""

    categories: list[str]
    providers: list[str]


def choices(
    account_id: int, first: date, last: date, domains: Collection[int] | None = None, most: int = 500
) -> Choices:
    """The categories and mailbox providers of the mail of these days (UTC), at most so many of each; that of `domains`
    where it is not None."""
    rows = DailyCount.objects.filter(account=account_id, day__gte=first, day__lte=last).order_by()
    if domains is not None:
        rows = rows.filter(domain__in=domains)
    found = set(rows.values_list("category", "provider").distinct())
    return Choices(
        sorted({category for category, _ in found if category})[:most],
        sorted({provider for _, provider in found if provider})[:most],
    )


_SUMS: dict[str, Any] = {f"sum_{name}": Coalesce(Sum(name), 0) for name in COUNTED}
"""In the order of `Counts`."""


def _rows(question: Question) -> QuerySet[Any]:
    rows: QuerySet[Any]
    if isinstance(question.time, Days):
        rows = DailyCount.objects.filter(day__gte=question.time.first, day__lte=question.time.last)
    else:
        rows = HourlyCount.objects.filter(hour__gte=question.time.first, hour__lt=question.time.end)
    where = Q(account=question.account_id)
    for column, values in (
        ("stream__in", question.streams),
        ("category__in", question.categories),
        ("provider__in", question.providers),
    ):
        if values:
            where &= Q(**{column: values})
    if question.domains is not None:
        where &= Q(domain__in=question.domains)
    return rows.filter(where)
