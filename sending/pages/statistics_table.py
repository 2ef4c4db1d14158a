"""The table of statistics: its rows by one grouping, with names and links, and the same as a file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailtrap_site.web.csv_lines import csv_line
from mailtrap_site.web.wording import NBSP
from sending.models import Stream
from sending.models.statistics import COUNTED
from sending.pages.filter_words import domain_names
from sending.pages.statistics_asked import Asked
from sending.stats.questions import By, Days, Hours, by, by_both
from sending.stats.rates import Counts, Level
from sending.stats.trouble import judged

MOST_ROWS = 50
"""Of the page; the file has all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is about, where its mail is listed, its counts, and its bounces by time."""

    key: Any
    name: str
    url: str
    counts: Counts
    bounces: tuple[int, ...] = ()

    @property
    def level(self) -> Level | None:
        return judged(self.counts, is_spam=False)

    @property
    def spam_level(self) -> Level | None:
        return judged(self.counts, is_spam=True)


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the page draws, from one look at the counters: everything, by time, and by group."""

    total: Counts
    by_time: dict[Any, Counts]
    by_group: dict[Any, Counts]
    both: dict[tuple[Any, Any], Counts]


def figures(account_id: int, asked: Asked) -> Figures:
    """What was counted."""
    question = asked.question(account_id)
    if asked.group is By.TIME:
        times_only = by(question, By.TIME)
        return Figures(sum(times_only.values(), Counts()), times_only, times_only, {})
    both = by_both(question, asked.group)
    by_time: dict[Any, Counts] = {}
    by_group: dict[Any, Counts] = {}
    for (key, time), counts in both.items():
        by_time[time] = by_time.get(time, Counts()) + counts
        by_group[key] = by_group.get(key, Counts()) + counts
    return Figures(sum(by_time.values(), Counts()), by_time, by_group, both)


def rows(account_id: int, asked: Asked, found: Figures) -> list[Row]:
    """The rows with most mail first; times in their order."""
    if asked.group is By.TIME:
        return [
            _time_row(account_id, asked, time, found.by_time.get(time, Counts())) for time in reversed(times(asked))
        ]
    name, moments = _namer(account_id, asked.group), times(asked)
    busiest = sorted(found.by_group.items(), key=lambda one: (-one[1].answered, str(one[0])))
    return [
        Row(
            key,
            name(key),
            log_url(account_id, asked, group=(asked.group, key)),
            counts,
            tuple(found.both.get((key, moment), _NOTHING).bounced for moment in moments),
        )
        for key, counts in busiest
    ]


def csv_lines(account_id: int, asked: Asked) -> Iterator[str]:
    """The table with all columns of the counters, and the rates as shares, below its heads."""
    yield csv_line((asked.group.value, *COUNTED, *_RATES))
    for row in rows(account_id, asked, figures(account_id, asked)):
        key = row.name if asked.group is not By.TIME else _iso(row.key)
        shares = (getattr(row.counts, rate) for rate in _RATES)
        told = ("" if share is None else f"{share:.4f}" for share in shares)
        yield csv_line((key, *(str(getattr(row.counts, name)) for name in COUNTED), *told))


def times(asked: Asked) -> Sequence[date | datetime]:
    """Each day or hour of the range, as the counters name it."""
    time = asked.time
    if isinstance(time, Hours):
        return [
            time.first + timedelta(hours=number)
            for number in range(int((time.end - time.first).total_seconds() // 3600))
        ]
    return [time.first + timedelta(days=number) for number in range((time.last - time.first).days + 1)]


def log_url(
    account_id: int, asked: Asked, *, group: tuple[By, Any] | None = None, days: Days | None = None, **more: str
) -> str:
    """The log with the mail that was counted; it is filtered by the day on which mail was sent. Empty for mail that
    has no category or no known provider, which the log cannot be asked for."""
    told = {_LOG_NAMES[By(name)]: value for name, value in asked.filters.items()}
    if group is not None:
        if group[1] == "":
            return ""
        told[_LOG_NAMES[group[0]]] = str(group[1])
    span = days or asked.days
    told |= {"after": span.first.isoformat(), "until": span.last.isoformat()} | more
    return f"{reverse('sending:email_log', args=[account_id])}?{urlencode(told)}"


def time_words(time: date | datetime) -> str:
    """A day as “Mon 16”, an hour as “14 h”, both in UTC."""
    if isinstance(time, datetime):
        return f"{time.astimezone(UTC):%H}{NBSP}h"
    return date_format(time, "D j")


_NOTHING = Counts()
_RATES = ("delivery_rate", "bounce_rate", "open_rate", "click_rate", "click_to_open", "spam_rate", "unsubscribe_rate")
_LOG_NAMES = {
    By.DOMAIN: "sending_domain_id.equal",
    By.STREAM: "stream",
    By.CATEGORY: "category.equal",
    By.PROVIDER: "email_service_provider.equal",
}


def _time_row(account_id: int, asked: Asked, time: date | datetime, counts: Counts) -> Row:
    day = time.astimezone(UTC).date() if isinstance(time, datetime) else time
    words = date_format(day, "l, j F")
    name = f"{words}, {time.astimezone(UTC):%H:%M}" if isinstance(time, datetime) else words
    return Row(time, name, log_url(account_id, asked, days=Days(day, day)), counts)


def _namer(account_id: int, group: By) -> Callable[[Any], str]:
    """How a key of this grouping is called."""
    if group is By.DOMAIN:
        domains = domain_names(account_id)
        return lambda key: str(domains.get(str(key), _("Deleted domain %(id)s") % {"id": key}))
    labels: dict[Any, Any] = dict(Stream.choices) if group is By.STREAM else {}
    nameless = _("No category") if group is By.CATEGORY else _("Others")
    return lambda key: str(labels.get(key, key)) or nameless


def _iso(time: date | datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if isinstance(time, datetime) else time.isoformat()
