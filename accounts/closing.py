"""An account is closed: its owner asks, nothing is sent from then on, and after a grace all of it is deleted (by
`sending.privacy.deletion`). The only writer of `Account.closes_at`."""

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, Role, User
from accounts.notices import notify

GRACE = timedelta(days=14)
TOLD_BEFORE = timedelta(days=3)


def ask(account: Account, user: User, request: HttpRequest | None = None) -> bool:
    """Begins the grace; False when somebody else had, the account is the platform's own, or others share its plan."""
    closes_at = timezone.now() + GRACE
    with transaction.atomic():
        if Account.objects.select_for_update(no_key=True).get(pk=account.pk).sub_accounts.exists():
            return False
        open_ones = Account.objects.filter(pk=account.pk, closes_at=None, is_platform=False)
        if not open_ones.update(closes_at=closes_at, closing_asked_by=user, closing_told_at=None):
            return False
        account.closes_at = closes_at
        changes = {"closes_at": {"from": None, "to": closes_at.isoformat()}}
        audit.record("account.closing_asked", account=account, target=account, changes=changes, request=request)
        words = {"account": account.name, "who": user.get_full_name(), "day": _day(closes_at)}
        _tell(
            account,
            "account.closing",
            _("%(account)s is to be closed") % words,
            _(
                "%(who)s asked for it. Nothing is sent any more, and on %(day)s everything in the account is deleted "
                "for good. Until then an owner can keep it open."
            )
            % words,
        )
    return True


def undo(account: Account, request: HttpRequest | None = None) -> bool:
    """Keeps the account open; False when it was not to be closed, or its deletion has begun."""
    with transaction.atomic():
        closing = Account.objects.filter(pk=account.pk, closes_at__gt=timezone.now())
        if not closing.update(closes_at=None, closing_asked_by=None, closing_told_at=None):
            return False
        audit.record("account.closing_undone", account=account, target=account, request=request)
        _tell(
            account,
            "account.kept_open",
            _("%(account)s stays open") % {"account": account.name},
            _("The account is not closed after all. Mail from it is accepted as before, and what waited leaves now."),
        )
    return True


def tell_due(now: datetime) -> None:
    """Writes the letters before the end."""
    soon = Account.objects.filter(closes_at__gt=now, closes_at__lte=now + TOLD_BEFORE, closing_told_at=None)
    for account in soon:
        with transaction.atomic():
            if not soon.filter(pk=account.pk).update(closing_told_at=now):
                continue
            assert account.closes_at is not None
            words = {"account": account.name, "day": _day(account.closes_at)}
            _tell(
                account,
                "account.closing",
                _("%(account)s is deleted on %(day)s") % words,
                _("This is the last letter before that. Until then an owner can keep the account open."),
            )


def due(now: datetime) -> list[int]:
    """The ids of accounts whose grace is over, in no order, so that one that cannot be deleted keeps no other back."""
    return list(Account.objects.filter(closes_at__lte=now).order_by("?").values_list("pk", flat=True))


def _tell(account: Account, kind: str, title: str, body: str) -> None:
    path = reverse("accounts:closing", args=[account.pk])
    notify(account, kind, title, body, path=path, level="critical", roles=(Role.OWNER,))


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y")
