"""Which plan fits what an account sends. Pure."""

from collections.abc import Iterable

from billing.plans import Plan


def fitting_plan(plans_on_offer: Iterable[Plan], needed_emails: int, current_plan: Plan) -> Plan | None:
    """The cheapest priced plan with room for `needed_emails` a month that takes no seat, domain, day of logs or
    sub-account away; of two at one price the larger. None where there is none."""
    fitting = [
        plan
        for plan in plans_on_offer
        if plan.cents_per_month is not None
        and plan.emails_per_month >= needed_emails
        and _is_no_fewer(plan.users, current_plan.users)
        and _is_no_fewer(plan.domains, current_plan.domains)
        and plan.log_days >= current_plan.log_days
        and plan.sub_accounts >= current_plan.sub_accounts
    ]
    return min(fitting, key=lambda plan: (plan.cents_per_month or 0, -plan.emails_per_month), default=None)


def _is_no_fewer(offered: int | None, had: int | None) -> bool:
    """None stands for "no limit"."""
    return offered is None or (had is not None and offered >= had)
