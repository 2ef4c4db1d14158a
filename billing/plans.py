"""The plans as data, read from a file: what an account may use, and for how much."""

import sys
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings


class Tier(StrEnum):
    """Plans of one tier differ in their volume alone."""

    FREE = "free"
    BASIC = "basic"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


class Feature(StrEnum):
    """What a plan may include beside its numbers."""

    CLICK_TRACKING = "click_tracking"
    LINK_BRANDING = "link_branding"
    DEDICATED_IP = "dedicated_ip"
    SSO = "sso"
    AUDIT_LOG = "audit_log"
    CONTENT_FREE_LOGGING = "content_free_logging"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of one plan in one generation; None stands for "no limit" or "not offered"."""

    code: str
    generation: int
    tier: Tier
    name: str
    cents_per_month: int | None = None
    """None: by agreement; only staff assign it."""
    emails_per_month: int
    emails_per_day: int | None = None
    """More is refused until the next day (UTC)."""
    emails_per_hour: int | None = None
    """More waits for the hours that follow."""
    users: int | None = None
    domains: int | None = None
    log_days: int
    sub_accounts: int = 0
    """Accounts that may share the plan and its emails."""
    overage_cents_per_thousand: int | None = None
    most_overage: int = 0
    """The most emails above the month's that an account may agree to pay for."""
    features: tuple[Feature, ...] = ()

    @property
    def is_free(self) -> bool:
        return self.tier is Tier.FREE


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All plans there ever were, in the order of the file."""

    plans: tuple[Plan, ...]

    def plan(self, code: str, generation: int) -> Plan:
        """Raises KeyError for one that the file does not have."""
        for plan in self.plans:
            if (plan.code, plan.generation) == (code, generation):
                return plan
        raise KeyError(f"{code}, generation {generation}")

    def agreed(self, code: str, generation: int) -> Plan:
        """The terms that an account agreed to. Where the operator's file has lost them: the newest of this code, or the
        free plan, because the mail of other accounts waits for the same answer."""
        of_code = [plan for plan in self.plans if plan.code == code]
        kept = [plan for plan in of_code if plan.generation == generation]
        return (kept or sorted(of_code, key=lambda plan: -plan.generation) or [self.free])[0]

    def newest(self, code: str) -> Plan:
        """The generation of this plan that is on offer. Raises ValueError for an unknown code."""
        return max((plan for plan in self.plans if plan.code == code), key=lambda plan: plan.generation)

    @property
    def on_offer(self) -> tuple[Plan, ...]:
        """The newest generation of each, in the order of the file."""
        return tuple(plan for plan in self.plans if plan is self.newest(plan.code))

    @property
    def free(self) -> Plan:
        """The one that costs nothing."""
        return self.newest(Tier.FREE)


def read_plans(path: Path) -> Catalogue:
    """The plans of a file. Raises ValueError with a sentence where it cannot be read or does not hold together."""
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text())
        plans = msgspec.convert(found.get("plan", []), tuple[Plan, ...])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise ValueError(f"{path} cannot be read as plans: {problem}") from problem
    names = [(plan.code, plan.generation) for plan in plans]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path} names a plan twice: {sorted(repeated)[0]}")
    if not any(plan.code == Tier.FREE and plan.tier is Tier.FREE for plan in plans):
        raise ValueError(f'{path} has no plan with the code "free", which accounts have without a subscription')
    return Catalogue(plans)


def _ours() -> Catalogue:
    try:
        return read_plans(settings.PLANS_FILE)
    except ValueError as problem:
        sys.exit(f"Settings: PLANS_FILE: {problem}")


PLANS = _ours()
"""The operator's plans, or those that come with the service."""
FREE = PLANS.free
"""What an account has without a subscription."""
