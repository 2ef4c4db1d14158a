"""The statistics: how much arrives, what receivers and readers think of it, and where the trouble is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.partials import render_page
from mailtrap_site.web.statuses import Look
from sending.models import Stream
from sending.pages import statistics_table as table
from sending.pages import statistics_words as words
from sending.pages.filter_words import domain_names
from sending.pages.statistics_asked import DATES, GROUPS, HOURS, USUAL_GROUP, USUAL_RANGE, Asked, read
from sending.pages.statistics_chart import chart
from sending.stats.questions import By, choices, total
from sending.stats.rates import BOUNCES, SPAM, Counts, Limits

CHOICES_SINCE = timedelta(days=30)
"""Categories and providers that may be chosen are those of so many days before the range ends."""


@account_view(Ability.VIEW)
@require_safe
def statistics(request: AccountRequest) -> HttpResponse:
    """The page, or the part of it that changes with its filters."""
    account_id, now = request.account.pk, timezone.now()
    asked = read(request.GET, now)
    found = table.figures(account_id, asked)
    known = choices(account_id, asked.days.last - CHOICES_SINCE, asked.days.last)
    if not known.providers and not known.categories and not found.by_time and not asked.filters:
        return render(
            request, "sending/statistics_empty.html", {"ranges": _ranges(asked), "is_usual": asked.range == USUAL_RANGE}
        )
    rows, before = table.rows(account_id, asked, found), total(asked.question(account_id).before)
    domains = domain_names(account_id)
    opening, sentence = words.trouble(asked.group, found.by_group, {row.key: row.name for row in rows})
    context = {
        "asked": asked,
        "scope": words.scope(asked, str(domains.get(asked.filters.get("domain", ""), ""))),
        "before": before,
        "time_before": words.time_before(asked),
        "total": found.total,
        "bounces": _judged(BOUNCES, found.total.bounce_rate),
        "spam": _judged(SPAM, found.total.spam_rate),
        "deliveries": _rates(asked, found.by_time, "delivery_rate"),
        "openings": _rates(asked, found.by_time, "open_rate"),
        "chart": chart(account_id, asked, found.by_time, now),
        "rows": rows[: table.MOST_ROWS] if asked.group is not By.TIME else rows,
        "row_count": len(rows),
        "levels": words.LEVELS,
        "opening": opening,
        "sentence": sentence,
        "group": GROUPS[asked.group] if asked.range != HOURS or asked.group is not By.TIME else _("Hour"),
        "ranges": _ranges(asked),
        "groups": _groups(asked),
        "domains": domains.items(),
        "streams": Stream.choices,
        "categories": _with(asked.category, known.categories),
        "providers": _with(asked.provider, known.providers),
        "csv_query": asked.address(),
        "is_dates": asked.range == DATES,
    }
    return render_page(request, "sending/statistics.html", "sending/_statistics.html", context, target="statistics")


@account_view(Ability.VIEW)
@require_safe
def statistics_csv(request: AccountRequest) -> StreamingHttpResponse:
    """The table as it is asked for, all rows and columns, for spreadsheets."""
    asked = read(request.GET, timezone.now())
    lines = table.csv_lines(request.account.pk, asked)
    name = f"statistics-by-{asked.group.value}-{asked.days.first}-{asked.days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rate between its limits, all in percent, with the badge that says how it stands."""

    look: Look
    value: float
    watch: float
    act: float
    highest: float


def _judged(limits: Limits, rate: float | None) -> Judged:
    in_percent = ((rate or 0.0), limits.watch, limits.act, limits.highest)
    return Judged(words.LEVELS[limits.level(rate)], *(round(value * 100, 4) for value in in_percent))


def _rates(asked: Asked, by_time: Mapping[Any, Counts], name: str) -> list[float]:
    """One rate by time, as far as there is one."""
    found = (getattr(by_time[time], name) for time in table.times(asked) if time in by_time)
    return [rate for rate in found if rate is not None]


def _ranges(asked: Asked) -> list[tuple[str, str, bool]]:
    """The ways to choose a range: word, address, whether it is the current one."""
    named = {HOURS: _("24 h"), "7d": _("7 d"), "30d": _("30 d")}
    shown = [
        (word, _other(asked, range="" if key == USUAL_RANGE else key), asked.range == key)
        for key, word in named.items()
    ]
    days = {"range": DATES, "since": asked.days.first.isoformat(), "until": asked.days.last.isoformat()}
    return [*shown, (_("Dates…"), _other(asked, **days), asked.range == DATES)]


def _other(asked: Asked, **changed: str) -> str:
    return asked.address(**{"since": "", "until": "", **changed})


def _groups(asked: Asked) -> list[tuple[str, str, bool]]:
    return [
        (
            _("Hour") if group is By.TIME and asked.range == HOURS else str(word),
            asked.address(by="" if group is USUAL_GROUP else group.value),
            asked.group is group,
        )
        for group, word in GROUPS.items()
    ]


def _with(chosen: str, offered: list[str]) -> list[str]:
    """What is offered, with what is chosen even where nothing was counted of it."""
    return offered if not chosen or chosen in offered else [chosen, *offered]
