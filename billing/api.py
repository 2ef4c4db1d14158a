"""The general API's view of usage."""

from typing import Any

from ninja import Router

from accounts.api_auth import ApiRequest, account_of, require_level
from accounts.scopes import READ
from billing.metering import usage
from billing.terms import terms_of
from mailtrap_site.web.json_api import instant

router = Router(tags=["Billing"])

UNLIMITED = 2**31 - 1
"""Clients insist on a whole number where there is no limit."""


@router.get("/billing/usage", response=dict[str, Any])
def billing_usage(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """The current period, and what was sent in it. The sandbox does not exist here, so its counts are zero."""
    account = account_of(request, account_id)
    require_level(request, READ)
    judged = usage(account)
    plan = terms_of(account).plan
    return {
        "billing": {"cycle_start": instant(judged.starts_at), "cycle_end": instant(judged.ends_at)},
        "testing": {
            "plan": {"name": plan.name},
            "usage": {"sent_messages_count": _count(0, 0), "forwarded_messages_count": _count(0, 0)},
        },
        "sending": {
            "plan": {"name": plan.name},
            "usage": {"sent_messages_count": _count(judged.used, UNLIMITED if judged.limit is None else judged.limit)},
        },
    }


def _count(current: int, limit: int) -> dict[str, int]:
    return {"current": current, "limit": limit}
