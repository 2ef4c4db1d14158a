"""Suspends, bans and releases accounts. `Account.state` is the truth that policy and queue read for each email.

What is done to an organisation is done to its sub-accounts, each with an audit entry and a notice of its own.
"""

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from accounts.notices import notify


def suspend(account: Account, reason: str, *, staff: User, request: HttpRequest | None = None) -> bool:
    """Its mail is accepted and held from now on, and its people are told why; False when it is not active."""
    with transaction.atomic():
        if not _change(account, (Account.State.ACTIVE,), Account.State.SUSPENDED, reason, staff, request):
            return False
        notify(
            account,
            "account.suspended",
            _("%(account)s is suspended") % {"account": account.name},
            _("Its mail is accepted and held until the suspension ends; nothing is lost. The reason: %(reason)s")
            % {"reason": reason},
            level="critical",
        )
        for one in account.sub_accounts.order_by("pk"):
            suspend(one, reason, staff=staff, request=request)
    return True


def ban(account: Account, reason: str, *, staff: User, request: HttpRequest | None = None) -> bool:
    """Mail of the account is refused from now on and what waits is rejected; False when it is banned already."""
    with transaction.atomic():
        if not _change(account, _NOT_BANNED, Account.State.BANNED, reason, staff, request):
            return False
        notify(
            account,
            "account.banned",
            _("%(account)s is banned") % {"account": account.name},
            _("We refuse its mail, and what waited will not leave. The reason: %(reason)s") % {"reason": reason},
            level="critical",
        )
        for one in account.sub_accounts.order_by("pk"):
            ban(one, reason, staff=staff, request=request)
    return True


def release(account: Account, reason: str = "", *, staff: User, request: HttpRequest | None = None) -> bool:
    """Lets the account send again and tells its people; False when it was neither suspended nor banned. Sub-accounts
    that were stopped for another reason than it stay so."""
    with transaction.atomic():
        before = Account.objects.select_for_update().get(pk=account.pk)
        if not _change(account, _STOPPED, Account.State.ACTIVE, reason, staff, request):
            return False
        notify(
            account,
            "account.released",
            _("%(account)s may send again") % {"account": account.name},
            _("Mail from this account leaves as before, and what was held follows in its order."),
        )
        alike = account.sub_accounts.filter(state=before.state, suspension_reason=before.suspension_reason)
        for one in alike.order_by("pk"):
            release(one, reason, staff=staff, request=request)
    return True


def _change(
    account: Account,
    before: tuple[Account.State, ...],
    after: Account.State,
    reason: str,
    staff: User,
    request: HttpRequest | None,
) -> bool:
    """Claims the change by a lock, so that of two people at the desk one does it and one is told."""
    kept = "" if after is Account.State.ACTIVE else reason
    was = Account.objects.select_for_update().values_list("state", flat=True).get(pk=account.pk)
    if was not in before:
        return False
    Account.objects.filter(pk=account.pk).update(state=after, suspension_reason=kept)
    changes: dict[str, object] = {"state": {"from": was, "to": after.value}}
    if reason:
        changes["reason"] = {"from": account.suspension_reason, "to": reason}
    account.state, account.suspension_reason = after, kept
    audit.record(
        _ACTIONS[after], account=account, actor=staff, target=account, changes=changes, request=request, by_staff=True
    )
    return True


_NOT_BANNED = (Account.State.ACTIVE, Account.State.SUSPENDED)
_STOPPED = (Account.State.SUSPENDED, Account.State.BANNED)
_ACTIONS = {
    Account.State.ACTIVE: "account.released",
    Account.State.SUSPENDED: "account.suspended",
    Account.State.BANNED: "account.banned",
}
