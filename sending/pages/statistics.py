"""The statistics: how much arrives, what receivers and readers think of it, and where the trouble is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.partials import render_page, wants_fragment
from mailtrap_site.web.statuses import Look
from sending.models import Stream
from sending.pages import statistics_table as table
from sending.pages import statistics_words as words
from sending.pages.filter_words import domain_names
from sending.pages.statistics_asked import DATES, GROUPS, HOURS, USUAL_GROUP, USUAL_RANGE, Asked, read
from sending.pages.statistics_chart import chart
from sending.stats.questions import By, Choices, choices, total
from sending.stats.rates import BOUNCES, SPAM, Counts, Level, Limits
from sending.stats.trouble import judged

CHOICES_SINCE = timedelta(days=30)
"""Categories and providers that may be chosen are those of so many days before the range ends."""


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def statistics(request: AccountRequest) -> HttpResponse:
    """The page, or the part of it that changes with its filters."""
    account_id, now = request.account.pk, timezone.now()
    asked = read(request.GET, now, request.domain_ids)
    found = table.figures(account_id, asked)
    known = choices(account_id, asked.days.last - CHOICES_SINCE, asked.days.last, asked.reach)
    if not known.providers and not known.categories and not found.by_time and not asked.filters:
        return render(
            request, "sending/statistics_empty.html", {"ranges": _ranges(asked), "is_usual": asked.range == USUAL_RANGE}
        )
    context = (
        _figures(account_id, asked, found, now) | _table(account_id, asked, found) | _controls(account_id, asked, known)
    )
    response = render_page(request, "sending/statistics.html", "sending/_statistics.html", context, target="statistics")
    if wants_fragment(request, "statistics"):
        # The form also sends what is empty; the address that is shared says only what is asked.
        response["HX-Push-Url"] = request.path + asked.address()
    return response


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def statistics_csv(request: AccountRequest) -> StreamingHttpResponse:
    """The table as it is asked for, all rows and columns, for spreadsheets."""
    asked = read(request.GET, timezone.now(), request.domain_ids)
    lines = table.csv_lines(request.account.pk, asked)
    name = f"statistics-by-{asked.group.value}-{asked.days.first}-{asked.days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _figures(account_id: int, asked: Asked, found: table.Figures, now: datetime) -> dict[str, Any]:
    return {
        "total": found.total,
        "before": total(asked.question(account_id).before),
        "time_before": words.time_before(asked),
        "bounces": _judged(BOUNCES, found.total.bounce_rate, judged(found.total, is_spam=False)),
        "spam": _judged(SPAM, found.total.spam_rate, judged(found.total, is_spam=True)),
        "deliveries": _rates(asked, found.by_time, "delivery_rate"),
        "openings": _rates(asked, found.by_time, "open_rate"),
        "chart": chart(account_id, asked, found.by_time, now),
    }


def _table(account_id: int, asked: Asked, found: table.Figures) -> dict[str, Any]:
    rows = table.rows(account_id, asked, found)
    opening, sentence = words.trouble(asked.group, found.by_group, {row.key: row.name for row in rows})
    return {
        "rows": rows if asked.group is By.TIME else rows[: table.MOST_ROWS],
        "row_count": len(rows),
        "opening": opening,
        "sentence": sentence,
        "group": _group_words(asked, asked.group),
        "groups": [
            (_group_words(asked, one), asked.address(by="" if one is USUAL_GROUP else one.value), asked.group is one)
            for one in GROUPS
        ],
    }


def _controls(account_id: int, asked: Asked, known: Choices) -> dict[str, Any]:
    domains = domain_names(account_id, asked.reach)
    return {
        "asked": asked,
        "scope": words.scope(asked, str(domains.get(asked.filters.get("domain", ""), ""))),
        "ranges": _ranges(asked),
        "domains": domains.items(),
        "streams": Stream.choices,
        "categories": _with(asked.category, known.categories),
        "providers": _with(asked.provider, known.providers),
        "csv_query": asked.address(),
        "is_dates": asked.range == DATES,
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """A rate between its limits, all in percent, with the badge that says how it stands."""

    look: Look
    value: float
    watch: float
    act: float
    highest: float


def _judged(limits: Limits, rate: float | None, level: Level | None) -> Judged:
    in_percent = ((rate or 0.0), limits.watch, limits.act, limits.highest)
    return Judged(words.LEVELS[level], *(round(value * 100, 4) for value in in_percent))


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


def _group_words(asked: Asked, group: By) -> str:
    return _("Hour") if group is By.TIME and asked.range == HOURS else str(GROUPS[group])


def _with(chosen: str, offered: list[str]) -> list[str]:
    """What is offered, with what is chosen even where nothing was counted of it."""
    return offered if not chosen or chosen in offered else [chosen, *offered]
