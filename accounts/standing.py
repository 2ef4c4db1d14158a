"""Suspends and releases accounts. `Account.state` is the truth that policy reads at each acceptance."""

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from accounts.notices import notify


def suspend(account: Account, reason: str, *, staff: User, request: HttpRequest | None = None) -> bool:
    """Stops the account's sending and tells its people why; False when it was suspended already."""
    with transaction.atomic():
        if not _change(account, Account.State.ACTIVE, Account.State.SUSPENDED, reason, staff, request):
            return False
        notify(
            account,
            "account.suspended",
            _("%(account)s is suspended") % {"account": account.name},
            _("We have stopped accepting mail from this account. The reason: %(reason)s") % {"reason": reason},
            level="critical",
        )
    return True


def release(account: Account, reason: str = "", *, staff: User, request: HttpRequest | None = None) -> bool:
    """Lets the account send again and tells its people; False when it was not suspended."""
    with transaction.atomic():
        if not _change(account, Account.State.SUSPENDED, Account.State.ACTIVE, reason, staff, request):
            return False
        notify(
            account,
            "account.released",
            _("%(account)s may send again") % {"account": account.name},
            _("The suspension has ended; mail from this account is accepted as before."),
        )
    return True


def _change(
    account: Account, before: Account.State, after: Account.State, reason: str, staff: User, request: HttpRequest | None
) -> bool:
    """Claims the change by its condition, so that of two people at the desk one does it and one is told."""
    kept = reason if after is Account.State.SUSPENDED else ""
    if not Account.objects.filter(pk=account.pk, state=before).update(state=after, suspension_reason=kept):
        return False
    changes: dict[str, object] = {"state": {"from": before.value, "to": after.value}}
    if reason:
        changes["reason"] = {"from": account.suspension_reason, "to": reason}
    account.state, account.suspension_reason = after, kept
    action = "account.suspended" if after is Account.State.SUSPENDED else "account.released"
    audit.record(action, account=account, actor=staff, target=account, changes=changes, request=request, by_staff=True)
    return True
