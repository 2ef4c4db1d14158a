"""What became of mail by day or hour, as a chart whose bars lead to the log."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailtrap_site.web.charts import Bar, Series, StackedChart
from mailtrap_site.web.wording import figure_words
from sending.pages import statistics_table as table
from sending.pages.statistics_asked import HOURS, Asked
from sending.stats.questions import Days
from sending.stats.rates import Counts


def chart(account_id: int, asked: Asked, by_time: Mapping[Any, Counts], now: datetime) -> StackedChart:
    """What became of mail by day or hour; each bar leads to the log of its day."""
    series = (
        ("delivered", _("Delivered")),
        ("bounced", _("Bounced")),
        ("rejected", _("Rejected")),
    )
    bars = tuple(_bar(account_id, asked, time, by_time.get(time, Counts()), now) for time in table.times(asked))
    is_hours = asked.range == HOURS
    return StackedChart(
        _("Emails by result and hour (UTC)") if is_hours else _("Emails by result and day (UTC)"),
        tuple(Series(key, word, sum(getattr(one, key) for one in by_time.values())) for key, word in series),
        bars,
        unit=_("Hour") if is_hours else "",
    )


def _bar(account_id: int, asked: Asked, time: date | datetime, counts: Counts, now: datetime) -> Bar:
    is_hour = isinstance(time, datetime)
    day = time.date() if isinstance(time, datetime) else time
    today = now.astimezone(UTC)
    runs = time == today.replace(minute=0, second=0, microsecond=0) if is_hour else day == today.date()
    said = {
        "time": f"{date_format(day, 'j M')}, {table.time_words(time)}" if is_hour else date_format(day, "l, j F"),
        "delivered": figure_words(counts.delivered),
        "bounced": figure_words(counts.bounced),
        "rejected": figure_words(counts.rejected),
    }
    return Bar(
        table.time_words(time),
        (counts.delivered, counts.bounced, counts.rejected),
        table.log_url(account_id, asked, days=Days(day, day)),
        _("%(time)s: %(delivered)s delivered, %(bounced)s bounced, %(rejected)s rejected") % said,
        unfinished=runs,
        ahead=day > today.date(),
    )
