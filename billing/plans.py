"""The plans as data, read from `plans.toml`: what an account may use, and for how much."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The terms of one plan in one generation; None stands for "no limit" or "not offered"."""

    code: str
    generation: int
    name: str
    cents_per_month: int
    emails_per_month: int
    emails_per_day: int | None = None
    """Part of the terms; not held to yet."""
    users: int | None = None
    domains: int | None = None
    log_days: int
    overage_cents_per_thousand: int | None = None


def read_plans(path: Path) -> dict[tuple[str, int], Plan]:
    """Plans by code and generation. Raises TypeError or KeyError when the file does not have this shape."""
    plans = [Plan(**terms) for terms in tomllib.loads(path.read_text())["plan"]]
    return {(plan.code, plan.generation): plan for plan in plans}


PLANS = read_plans(Path(__file__).with_name("plans.toml"))


def newest(code: str) -> Plan:
    """The generation of this plan that is on offer. Raises ValueError for an unknown code."""
    return max((plan for plan in PLANS.values() if plan.code == code), key=lambda plan: plan.generation)


FREE = newest("free")
"""What an account has without a subscription."""
