"""What the usage page shows beside the meter: the days of a period, who sent, and the periods before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Account, ApiToken
from billing.models import UsageDay, UsagePeriod
from billing.quota import Usage
from mailtrap_site.web.charts import Bar, Mark, Reference, Series, StackedChart
from mailtrap_site.web.wording import figure_words

PERIODS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a period's mail one sender sent."""

    name: str
    used: int


def by_day(account: Account, usage: Usage) -> dict[date, int]:
    """Recipients of each day (UTC) of the period on which there were any."""
    days = _days(account, usage)
    return dict(days.values_list("day").annotate(Sum("used")).order_by("day"))


def by_domain(account: Account, usage: Usage) -> list[Share]:
    """The most first."""
    return [Share(str(name), used) for name, used in _sums(_own_days(account, usage), "domain")]


def by_stream(account: Account, usage: Usage) -> list[Share]:
    """The most first."""
    return [Share(str(name).capitalize(), used) for name, used in _sums(_own_days(account, usage), "stream")]


def by_token(account: Account, usage: Usage) -> list[Share]:
    """The most first, by the tokens' names; one that is deleted is named so."""
    name_of = token_names(account)
    return [Share(name_of(int(key)), used) for key, used in _sums(_own_days(account, usage), "token_id")]


def by_account(account: Account, usage: Usage) -> list[Share]:
    """The organisation and its sub-accounts, the most first; none where nobody shares its meter."""
    sums = [(int(key), used) for key, used in _sums(_days(account, usage), "account")]
    own = UsagePeriod.objects.filter(account=account, starts_at=usage.starts_at)
    of_deleted = own.values_list("of_deleted", flat=True).first() or 0
    if not of_deleted and all(key == account.pk for key, _ in sums):
        return []
    names = dict(Account.objects.filter(pk__in=[key for key, _ in sums]).values_list("pk", "name"))
    shares = [Share(names.get(key, str(key)), used) for key, used in sums]
    return shares + ([Share(_("Deleted sub-accounts"), of_deleted)] if of_deleted else [])


def token_names(account: Account) -> Callable[[int], str]:
    """What stands for a token's id: its name, or why it has none. One query."""
    names = dict(ApiToken.objects.filter(account=account).values_list("pk", "name"))
    return lambda token_id: names.get(token_id) or _nameless(token_id)


def history(account: Account) -> list[UsagePeriod]:
    """The account's newest periods, the current one first."""
    return list(UsagePeriod.objects.filter(account=account).order_by("-starts_at")[:PERIODS_SHOWN])


def daily_chart(usage: Usage, counts: dict[date, int], now: datetime) -> StackedChart:
    """A bar for each day (UTC) of the period, the even pace across them, and the day on which the limit is reached."""
    first, today = usage.starts_at.astimezone(UTC).date(), now.astimezone(UTC).date()
    last = (usage.ends_at - timedelta(microseconds=1)).astimezone(UTC).date()
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    bars = tuple(_bar(day, counts.get(day, 0), today) for day in days)
    references: tuple[Reference, ...] = ()
    marks: tuple[Mark, ...] = ()
    if usage.limit:
        pace = usage.limit / len(days)
        words = _("%(count)s a day lasts the period") % {"count": figure_words(int(pace))}
        references = (Reference(pace, words),)
    if usage.full_at is not None:
        full = usage.full_at.astimezone(UTC).date()
        words = _("full on %(day)s at this pace") % {"day": date_format(full, "j M")}
        marks = (Mark((full - first).days, words),)
    series = (Series("delivered", _("Accepted")),)
    return StackedChart(_("Accepted per day"), series, bars, references, marks=marks)


def _bar(day: date, count: int, today: date) -> Bar:
    words = date_format(day, "j M")
    title = f"{words}: {figure_words(count)}"
    label = _("today") if day == today else words
    return Bar(label, (count,), title=title, unfinished=day == today, ahead=day > today)


def _sums(days: QuerySet[UsageDay], field: str) -> list[tuple[str | int, int]]:
    sums = days.values(field).annotate(sum_used=Sum("used")).order_by("-sum_used", field)
    return [(one[field], one["sum_used"]) for one in sums]


def _own_days(account: Account, usage: Usage) -> QuerySet[UsageDay]:
    """What the account itself sent: an organisation sees how much its sub-accounts send, not by which names."""
    return UsageDay.objects.filter(account=account, period__starts_at=usage.starts_at)


def _days(account: Account, usage: Usage) -> QuerySet[UsageDay]:
    """The days of all whose recipients the meter counts in this period."""
    counted = Q(account=account) | Q(organization=account)
    periods = UsagePeriod.objects.filter(counted, starts_at=usage.starts_at)
    return UsageDay.objects.filter(period__in=list(periods.values_list("pk", flat=True)))


def _nameless(token_id: int) -> str:
    if not token_id:
        return _("Sent from these pages")
    return _("A deleted token (no. %(id)d)") % {"id": token_id}
