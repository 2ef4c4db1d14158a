"""What a customer's subscriptions at Stripe mean for the account. Pure: whatever events said, the state decides.

A smaller plan that is agreed for the period's end has its price at Stripe at once, without proration, so that the next
invoice is right whatever becomes of us; until then the subscription's metadata say which plan goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.plans import Plan

KEEPS_PLAN, KEEPS_UNTIL = "keeps_plan", "keeps_until"
"""Metadata: the lookup key of the plan that goes on, and until when, in seconds since 1970."""
LIVE = ("active", "trialing", "past_due", "unpaid", "paused")
OVERDUE = ("past_due", "unpaid")


@dataclass(frozen=True, slots=True)
class PaidState:
    """What the account should be on. `next_plan` is agreed for `changes_at`."""

    subscription_id: str
    plan: Plan
    anchor: datetime
    next_plan: Plan | None
    changes_at: datetime | None
    is_overdue: bool


def state_of(
    subscriptions: Sequence[dict[str, Any]], plan_by_key: Callable[[str], Plan], free: Plan, now: datetime
) -> PaidState | None:
    """The state by the newest subscription that is not ended; None without one."""
    live = live_ones(subscriptions)
    if not live:
        return None
    newest = live[0]
    item = plan_item(newest)
    ends_at = _moment(item["current_period_end"])
    plan, next_plan, changes_at = plan_by_key(item["price"]["lookup_key"]), None, None
    kept = newest.get("metadata") or {}
    if kept.get(KEEPS_PLAN) and now < _moment(int(kept[KEEPS_UNTIL])):
        plan, next_plan, changes_at = plan_by_key(kept[KEEPS_PLAN]), plan, _moment(int(kept[KEEPS_UNTIL]))
    if newest.get("cancel_at_period_end") or newest.get("cancel_at"):
        next_plan, changes_at = free, _moment(newest.get("cancel_at") or item["current_period_end"])
    return PaidState(
        subscription_id=newest["id"],
        plan=plan,
        anchor=_moment(newest.get("billing_cycle_anchor") or item["current_period_start"]),
        next_plan=next_plan,
        changes_at=changes_at or (ends_at if next_plan else None),
        is_overdue=newest["status"] in OVERDUE,
    )


def live_ones(subscriptions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are not ended, newest first."""
    live = [one for one in subscriptions if one["status"] in LIVE]
    return sorted(live, key=lambda one: int(one["created"]), reverse=True)


def plan_item(subscription: dict[str, Any]) -> dict[str, Any]:
    """The item that is the plan; another one counts emails above its limit."""
    items: list[dict[str, Any]] = subscription["items"]["data"]
    return next(item for item in items if item["price"]["recurring"]["usage_type"] != "metered")


def lookup_key(plan: Plan) -> str:
    """The name of a plan's price at Stripe."""
    return f"{plan.code}:{plan.generation}"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
