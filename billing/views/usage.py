"""The usage page: how much of the period's emails is used, when they run out, and who sent them."""

from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from billing import metering, usage_figures, usage_letters
from billing import usage_csv as files


@account_view(Ability.VIEW_USAGE)
@require_safe
def usage(request: AccountRequest) -> HttpResponse:
    """The meter of the current period with all that explains it."""
    account, now = request.account, timezone.now()
    meter = metering.usage(account, now)
    shares = usage_figures.by_account(account, meter)
    context: dict[str, Any] = {
        "meter_now": meter,
        "most": None if meter.limit is None else meter.limit + meter.overage_cap,
        "chart": usage_figures.daily_chart(meter, usage_figures.by_day(account, meter), now),
        "tables": [
            *([(_("By account"), _("Account"), shares)] if shares else []),
            (_("By domain"), _("Domain"), usage_figures.by_domain(account, meter)),
            (_("By stream"), _("Stream"), usage_figures.by_stream(account, meter)),
            (_("By token"), _("API token"), usage_figures.by_token(account, meter)),
        ],
        "is_shared": bool(shares),
        "periods": usage_figures.history(account),
        "readers": usage_letters.readers_of(account),
        "told": usage_letters.last_told(account, meter),
        "hide_side_usage": True,
    }
    return render(request, "billing/usage.html", context)


@account_view(Ability.VIEW_USAGE)
@require_safe
def usage_csv(request: AccountRequest) -> StreamingHttpResponse:
    """The days of the current period, or of that which began on `?period=YYYY-MM-DD` (UTC); 404 for a day on which
    none began."""
    account, asked = request.account, request.GET.get("period", "")
    day = _day(asked) if asked else metering.usage(account).starts_at.astimezone(UTC).date()
    periods = files.periods_that_began(account, day)
    if asked and not periods:
        raise Http404
    return _download(files.day_lines(account, periods), f"usage-{account.pk}-{day:%Y-%m-%d}.csv")


@account_view(Ability.VIEW_USAGE)
@require_safe
def periods_csv(request: AccountRequest) -> StreamingHttpResponse:
    """All periods with what was used in them."""
    return _download(files.period_lines(request.account), f"usage-periods-{request.account.pk}.csv")


def _download(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _day(asked: str) -> date:
    try:
        return date.fromisoformat(asked)
    except ValueError as problem:
        raise Http404 from problem
