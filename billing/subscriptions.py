"""Which plan an account is on: the only writer of Subscription.

Each function is one change, audited, on the caller's transaction; whoever calls has checked the right. After a change
the meter's new limit counts from the next mail on, because each acceptance reads the terms anew, and what waits for
room is looked at again (`sending.make_room`).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from billing.metering import begin_period
from billing.models import Subscription
from billing.plans import FREE, PLANS, Plan
from mailtrap_site import wake

MAKE_ROOM = "sending.make_room"


@dataclass(frozen=True, slots=True)
class By:
    """Who changes a plan and why, for the audit log: a user, or the name of what acts by itself, such as "Stripe"."""

    user: User | None = None
    name: str = audit.SYSTEM
    is_staff: bool = False
    reason: str = ""


def subscription_of(account: Account) -> Subscription:
    """The account's row, or an unsaved one that says Free since sign-up."""
    found = Subscription.objects.filter(account=account).first()
    return found or Subscription(
        account=account, plan_code=FREE.code, plan_generation=FREE.generation, anchor=account.created_at
    )


def plan_of(subscription: Subscription) -> Plan:
    """The plan that it is on."""
    return PLANS.agreed(subscription.plan_code, subscription.plan_generation)


def next_plan_of(subscription: Subscription) -> Plan | None:
    """The plan agreed for `changes_at`, if there is one."""
    generation = subscription.next_plan_generation
    return None if generation is None else PLANS.agreed(subscription.next_plan_code, generation)


def why_shared(account: Account) -> str:
    """Why a sub-account has no plan of its own, as a sentence; empty for other accounts."""
    if account.organization is None:
        return ""
    words = _("This account has no plan of its own: %(organization)s pays for it.")
    return words % {"organization": account.organization.name}


def why_unbilled(subscription: Subscription) -> str:
    """Why nothing could bill emails above the limit, as a sentence; empty where a card pays for the plan, or an
    agreement with us says how it is paid."""
    if subscription.stripe_subscription_id or plan_of(subscription).cents_per_month is None:
        return ""
    return _("No card pays for this plan, so nothing could bill emails above its limit. Mail stops at the limit.")


@transaction.atomic
def put_on(
    account: Account, plan: Plan, by: By, now: datetime, *, anchor: datetime | None = None, stripe_id: str | None = None
) -> Subscription:
    """The account is on this plan from now on. What was agreed for later, and a grace, are gone.

    Going from Free to a paid plan begins a period with an empty meter, at `anchor` or now; among paid plans, and back
    to Free, the periods go on as they were. `stripe_id` is where it is paid; "" for nowhere, None to leave it. Emails
    above the limit end where nothing bills them any more.
    """
    row = _locked(account)
    old = plan_of(row)
    if old.is_free and not plan.is_free:
        row.anchor = min(anchor or now, now)
        begin_period(account, row.anchor)
    row.plan_code, row.plan_generation = plan.code, plan.generation
    row.next_plan_code, row.next_plan_generation, row.changes_at = "", None, None
    row.grace_until = None
    row.overage_cap = min(row.overage_cap, plan.most_overage)
    if stripe_id is not None:
        row.stripe_subscription_id = stripe_id
    if why_unbilled(row):
        row.overage_cap = 0
    row.save()
    _record("plan.changed", account, by, old.name, plan.name)
    _make_room()
    return row


@transaction.atomic
def agree_later(account: Account, plan: Plan | None, by: By, changes_at: datetime | None = None) -> Subscription:
    """The account goes to a smaller plan when its period ends; None takes that back."""
    row = _locked(account)
    old = next_plan_of(row)
    if plan is None:
        row.next_plan_code, row.next_plan_generation, row.changes_at = "", None, None
    else:
        row.next_plan_code, row.next_plan_generation, row.changes_at = plan.code, plan.generation, changes_at
    row.save()
    _record("plan.change_agreed", account, by, old.name if old else "", plan.name if plan else "")
    return row


@transaction.atomic
def set_grace(account: Account, until: datetime | None, by: By) -> Subscription:
    """A payment failed, and sending goes on until then; None once it is paid."""
    row = _locked(account)
    old, row.grace_until = row.grace_until, until
    row.save()
    _record("plan.grace", account, by, old.isoformat() if old else "", until.isoformat() if until else "")
    if until is None:
        _make_room()
    return row


@transaction.atomic
def agree_overage(account: Account, emails: int, by: By) -> Subscription:
    """The account pays for up to so many emails above its limit in each period. Raises ValueError above the most that
    its plan offers, and for more than before where nothing bills them; staff may agree that, with a reason."""
    row = _locked(account)
    if not 0 <= emails <= plan_of(row).most_overage:
        raise ValueError(_("The plan does not offer so many emails above its limit."))
    if emails > row.overage_cap and not by.is_staff and (problem := why_unbilled(row)):
        raise ValueError(problem)
    old, row.overage_cap = row.overage_cap, emails
    row.save()
    _record("plan.overage", account, by, str(old), str(emails))
    _make_room()
    return row


@transaction.atomic
def begin_alone(account: Account, shared: Plan, by: By, now: datetime) -> Subscription:
    """An account that shared this plan of its organisation is on Free from now on, with an empty meter of its own."""
    row = _locked(account)
    row.anchor = now
    row.save()
    begin_period(account, now)
    _record("plan.changed", account, by, shared.name, FREE.name)
    _make_room()
    return row


@transaction.atomic
def know_customer(account: Account, customer_id: str) -> Subscription:
    """Where the account pays: its customer id at Stripe."""
    row = _locked(account)
    row.stripe_customer_id = customer_id
    row.save()
    return row


def _locked(account: Account) -> Subscription:
    """Raises ValueError for a sub-account, which has none."""
    if problem := why_shared(account):
        raise ValueError(problem)
    Subscription.objects.get_or_create(
        account=account,
        defaults={"plan_code": FREE.code, "plan_generation": FREE.generation, "anchor": account.created_at},
    )
    return Subscription.objects.select_for_update().get(account=account)


def _record(action: str, account: Account, by: By, old: str, new: str) -> None:
    changes = {"value": {"from": old, "to": new}}
    if by.reason:
        changes["reason"] = {"from": "", "to": by.reason}
    audit.record(action, account=account, actor=by.user, actor_name=by.name, by_staff=by.is_staff, changes=changes)


def _make_room() -> None:
    wake.nudge(MAKE_ROOM, queue="upkeep")
