"""The usage page: how much of the period's emails is used, when they run out, and who sent them."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from billing import metering, usage_figures
from billing.subscriptions import plan_of, subscription_of


@account_view(Ability.VIEW_USAGE)
@require_safe
def usage(request: AccountRequest) -> HttpResponse:
    """The meter of the current period with all that explains it."""
    account, now = request.account, timezone.now()
    meter = metering.usage(account, now)
    context: dict[str, Any] = {
        "meter_now": meter,
        "most": None if meter.limit is None else meter.limit + meter.overage_cap,
        "plan": plan_of(subscription_of(account)),
        "chart": usage_figures.daily_chart(meter, usage_figures.by_day(account, meter), now),
        "tables": [
            (_("By domain"), _("Domain"), usage_figures.by_domain(account, meter)),
            (_("By stream"), _("Stream"), usage_figures.by_stream(account, meter)),
            (_("By token"), _("API token"), usage_figures.by_token(account, meter)),
        ],
        "periods": usage_figures.history(account),
        "hide_side_usage": True,
    }
    return render(request, "billing/usage.html", context)
