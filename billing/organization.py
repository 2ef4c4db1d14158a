"""An organisation and the accounts that share its plan: the only writer of `Account.organization` and of
`Account.monthly_cap`, but for `accounts.signup`, which opens a sub-account with both.

Each change is one transaction, audited in both accounts; whoever calls has checked the right.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Role, User
from accounts.notices import notify
from accounts.people import By
from accounts.signup import open_account
from billing import subscriptions
from billing.models import UsagePeriod
from billing.plans import FREE
from billing.quota import Usage
from billing.terms import Terms, terms_of
from mailtrap_site.web.wording import figure_words


class NotPossible(Exception):
    """What was asked for does not fit how the accounts stand; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class SubAccount:
    """One sub-account as its organisation sees it."""

    account: Account
    used: int
    """Recipients of this period."""
    share: float | None
    """Of all that the organisation may send in it, in percent; None where that has no limit."""
    is_open: bool
    """Whether the reader belongs to it."""


def create(organization: Account, name: str, cap: int | None, owner: User, by: By) -> Account:
    """A new sub-account with its own domains, tokens, people and log. Raises NotPossible."""
    with transaction.atomic():
        held = Account.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if problem := why_no_more(held, terms_of(held)):
            raise NotPossible(problem)
        account = open_account(owner, name, organization=held, monthly_cap=cap, request=by.request, actor_name=by.name)
        changes = {"name": {"from": None, "to": name}, "monthly_cap": {"from": None, "to": cap}}
        by.record("sub_account.created", held, account, changes)
    return account


def set_cap(account: Account, cap: int | None, by: By) -> bool:
    """The most that the sub-account uses of the shared emails in a period, from the next mail on; None for no cap.
    False where that was so already, or it is no sub-account any more."""
    with transaction.atomic():
        held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if held.organization is None or held.monthly_cap == cap:
            return False
        Account.objects.filter(pk=held.pk).update(monthly_cap=cap)
        changes = {"monthly_cap": {"from": held.monthly_cap, "to": cap}}
        _record_in_both("sub_account.capped", held.organization, held, changes, by)
    return True


def let_go(account: Account, by: By, now: datetime) -> None:
    """The account stands by itself: on Free, with an empty meter of its own. Raises NotPossible."""
    with transaction.atomic():
        wanted = [account.pk, account.organization_id or account.pk]
        rows = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
        held = {one.pk: one for one in rows}
        organization, sub = held.get(account.organization_id or 0), held[account.pk]
        if organization is None or sub.organization_id != organization.pk:
            raise NotPossible(_("It stands by itself already."))
        if not all(one.state == Account.State.ACTIVE and not one.is_closing for one in held.values()):
            raise NotPossible(_("Neither account may be suspended, banned or about to be closed."))
        Account.objects.filter(pk=sub.pk).update(organization=None, monthly_cap=None)
        changes = {
            "organization": {"from": str(organization), "to": None},
            "monthly_cap": {"from": sub.monthly_cap, "to": None},
        }
        old_plan = terms_of(sub, now).plan
        sub.organization, sub.monthly_cap = None, None
        subscriptions.begin_alone(sub, old_plan, subscriptions.By(by.user, by.name or by.words), now)
        _record_in_both("sub_account.let_go", organization, sub, changes, by)
        _tell(sub, organization)


def why_no_more(account: Account, terms: Terms) -> str:
    """Why no sub-account can be made now, as a sentence; empty where one can."""
    if account.organization_id is not None or account.is_platform:
        return _("This account can have no sub-accounts.")
    if account.state != Account.State.ACTIVE or account.is_closing:
        return _("An account that is suspended, banned or about to be closed takes no sub-accounts.")
    limit = terms.sub_accounts
    if limit is None or account.sub_accounts.count() < limit:
        return ""
    if not limit:
        return _("The plan %(plan)s includes no sub-accounts.") % {"plan": terms.plan.name}
    words = ngettext(
        "The one sub-account that the plan includes is there.",
        "All %(count)s sub-accounts that the plan includes are there.",
        limit,
    )
    return words % {"count": figure_words(limit)}


def sub_accounts_of(organization: Account, usage: Usage, reader: User) -> list[SubAccount]:
    """All of them by name, with what they used in the period of `usage`, the organisation's meter."""
    rows = UsagePeriod.objects.filter(organization=organization, starts_at=usage.starts_at)
    used = dict(rows.values_list("account_id", "used"))
    open_ones = set(reader.memberships.values_list("account_id", flat=True))
    whole = None if usage.limit is None else usage.limit + usage.overage_cap
    return [
        SubAccount(one, used.get(one.pk, 0), used.get(one.pk, 0) * 100 / whole if whole else None, one.pk in open_ones)
        for one in organization.sub_accounts.order_by("name", "pk")
    ]


def _record_in_both(action: str, organization: Account, account: Account, changes: dict[str, Any], by: By) -> None:
    for one in (organization, account):
        by.record(action, one, account, changes)


def _tell(account: Account, organization: Account) -> None:
    values = {
        "account": account.name,
        "organization": organization.name,
        "emails": figure_words(FREE.emails_per_month),
        "a_day": figure_words(FREE.emails_per_day),
    }
    notify(
        account,
        "account.let_go",
        (_("%(account)s no longer belongs to %(organization)s") % values)[:200],
        _("It is on Free now: %(emails)s emails a month, at most %(a_day)s a day. Nothing in it has changed otherwise.")
        % values,
        path=reverse("billing:plan", args=[account.pk]),
        level="warning",
        roles=(Role.OWNER, Role.BILLING),
    )
