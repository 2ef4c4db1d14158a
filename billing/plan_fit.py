"""Which plan fits what an account sends. Pure."""

from collections.abc import Iterable

from billing.plans import Plan


def fitting_plan(on_offer: Iterable[Plan], needed_emails: int, current_plan: Plan) -> Plan | None:
    """The cheapest plan with a price for `needed_emails` recipients a month that takes nothing away: as many users,
    domains and days of log as the current one has, or more.

    It may be the current plan. None where none is large enough, as on the largest: more than that is by agreement.
    """
    fitting = [
        plan
        for plan in on_offer
        if plan.cents_per_month is not None
        and plan.emails_per_month >= needed_emails
        and _holds(plan.users, current_plan.users)
        and _holds(plan.domains, current_plan.domains)
        and plan.log_days >= current_plan.log_days
    ]
    return min(fitting, key=lambda plan: (plan.cents_per_month, -plan.emails_per_month), default=None)


def _holds(offered: int | None, current: int | None) -> bool:
    """None is "no limit"."""
    return offered is None or (current is not None and offered >= current)
