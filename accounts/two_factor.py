"""An account may ask its members for a second factor: the only writer of `Account.two_factor_from`.

API tokens need none: they are no people.
"""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from accounts.notices import notify

SIGNED_IN_BY = "single_sign_on_account"
"""In the session: the account whose identity provider let this person in, which asks for factors itself."""


def require_from(account: Account, moment: datetime | None, request: HttpRequest | None = None) -> bool:
    """Members need a second factor from then on; None ends that. Those without one are told. False where it was so."""
    with transaction.atomic():
        held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        before = held.two_factor_from
        if before == moment:
            return False
        Account.objects.filter(pk=account.pk).update(two_factor_from=moment)
        account.two_factor_from = moment
        changes = {"required_from": {"from": _iso(before), "to": _iso(moment)}}
        audit.record("two_factor.changed", account=account, target=account, changes=changes, request=request)
        if moment is not None:
            for member in without_second_factor(account):
                _tell(account, member, moment)
    return True


def has_second_factor(user: User) -> bool:
    """Whether signing in asks for more than a password. Recovery codes alone are none."""
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def without_second_factor(account: Account) -> QuerySet[User]:
    """The active members who have none, by name."""
    protected = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).values("user_id")
    members = User.objects.filter(memberships__account=account, is_active=True)
    return members.exclude(pk__in=protected).order_by("name", "email")


def is_asked(account: Account, user: User, session: object) -> bool:
    """Whether this member, in this session, has yet to set one up; costs nothing where the account asks for none."""
    if account.two_factor_from is None:
        return False
    by_provider = getattr(session, "get", lambda _name: None)(SIGNED_IN_BY)
    return by_provider != account.pk and not has_second_factor(user)


def is_locked_out(account: Account, user: User, session: object, now: datetime) -> bool:
    """Whether the grace is over for them."""
    return account.two_factor_from is not None and account.two_factor_from <= now and is_asked(account, user, session)


def _tell(account: Account, member: User, moment: datetime) -> None:
    day = date_format(timezone.localtime(moment), "j F Y")
    notify(
        account,
        "two_factor.required",
        _("%(account)s asks you for a second factor") % {"account": account.name},
        _(
            "From %(day)s on its pages open only for members whose sign-in asks for a code or a passkey as well. "
            "Setting one up takes two minutes. API tokens go on as before."
        )
        % {"day": day},
        path=reverse("accounts:two_factor_needed", args=[account.pk]),
        level="warning",
        only=member,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
