"""What an account used, as a file for spreadsheets (RFC 4180): the days of a period, and all its periods."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import Account
from billing.models import UsageDay, UsagePeriod
from billing.usage_figures import token_names
from mailtrap_site.web.csv_lines import csv_line

DAYS = ("day", "domain", "stream", "token_id", "token", "emails")
PERIODS = ("starts_at", "ends_at", "emails", "given_back")
AT_ONCE = 2_000
"""Rows that are held in memory."""


def periods_that_began(account: Account, day: date) -> list[UsagePeriod]:
    """The account's periods that began on this day (UTC): one, or two where the first paid plan began one anew."""
    begins = datetime.combine(day, time.min, UTC)
    found = UsagePeriod.objects.filter(account=account, starts_at__gte=begins, starts_at__lt=begins + timedelta(days=1))
    return list(found.order_by("starts_at"))


def day_lines(account: Account, periods: Iterable[UsagePeriod]) -> Iterator[str]:
    """A line for each day (UTC), domain, stream and token, in that order, below its heads."""
    names = token_names(account)
    rows = UsageDay.objects.filter(account=account, period__in=[period.pk for period in periods])
    wanted = rows.order_by("day", "domain", "stream", "token_id", "pk")
    yield csv_line(DAYS)
    for row in wanted.values_list("day", "domain", "stream", "token_id", "used").iterator(AT_ONCE):
        day, domain, stream, token_id, used = row
        yield csv_line((day.isoformat(), domain, stream, str(token_id), names(token_id), str(used)))


def period_lines(account: Account) -> Iterator[str]:
    """A line for each period, the newest first, below its heads. Times in UTC (RFC 3339)."""
    rows = UsagePeriod.objects.filter(account=account).order_by("-starts_at")
    yield csv_line(PERIODS)
    for starts_at, ends_at, *counts in rows.values_list("starts_at", "ends_at", "used", "given_back").iterator(AT_ONCE):
        yield csv_line((_moment(starts_at), _moment(ends_at), *map(str, counts)))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
