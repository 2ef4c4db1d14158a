"""Follows what happens to a person's sign-in: into the audit log of their accounts, notifications and letters."""

from collections.abc import Mapping
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as mfa_signals
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from accounts import audit, known_browsers
from accounts.models import User
from accounts.models.single_sign_on import account_id_of
from accounts.notices import tell_person
from accounts.tenancy import accounts_of
from accounts.two_factor import SIGNED_IN_BY

NEW_BROWSER = "accounts/email/new_browser"
"""The letter's name; `accounts.sign_in_letters` has its words."""


def record_for_all(action: str, user: User, request: HttpRequest, changes: Mapping[str, Any] | None = None) -> None:
    """One entry in each account that the person belongs to: each of them is opened by this sign-in."""
    for account in accounts_of(user):
        audit.record(action, account=account, actor=user, target=user, changes=changes, request=request)


@receiver(account_signals.user_logged_in)
def on_sign_in(request: HttpRequest, user: User, **more: Any) -> None:
    """A letter where the browser is new; never at the very first sign-in, of which nobody need be told."""
    is_first = getattr(request, "is_first_sign_in", False)
    with transaction.atomic():
        record_for_all("user.signed_in", user, request)
        if not is_first and not known_browsers.is_known(request, user):
            get_adapter(request).send_notification_mail(NEW_BROWSER, user)
    known_browsers.remember(request, user)
    # Kept with the session that has just begun, so that it never counts for somebody who signs in after this person.
    by = more.get("sociallogin")
    request.session[SIGNED_IN_BY] = account_id_of(by.account.provider) if by else None


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
def on_password_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    record_for_all("user.password_changed", user, request)


@receiver(account_signals.password_reset)
def on_password_reset(request: HttpRequest, user: User, **_more: Any) -> None:
    record_for_all("user.password_reset", user, request)


@receiver(account_signals.email_changed)
def on_email_changed(request: HttpRequest, user: User, **more: Any) -> None:
    before, after = (getattr(more.get(name), "email", None) for name in ("from_email_address", "to_email_address"))
    record_for_all("user.email_changed", user, request, {"email": {"from": before, "to": after}})


@receiver(mfa_signals.authenticator_added)
def on_factor_added(request: HttpRequest, user: User, authenticator: Any, **_more: Any) -> None:
    changes = {"factor": {"from": None, "to": str(authenticator.get_type_display())}}
    record_for_all("user.second_factor_added", user, request, changes)


@receiver(mfa_signals.authenticator_removed)
def on_factor_removed(request: HttpRequest, user: User, authenticator: Any, **_more: Any) -> None:
    changes = {"factor": {"from": str(authenticator.get_type_display()), "to": None}}
    record_for_all("user.second_factor_removed", user, request, changes)


KIND_OF_LETTER = {
    "new_browser": "user.new_browser",
    "password_changed": "user.password_changed",
    "password_reset": "user.password_changed",
    "password_set": "user.password_changed",
    "email_changed": "user.email_changed",
    "totp_activated": "user.second_factor_changed",
    "totp_deactivated": "user.second_factor_changed",
    "recovery_codes_generated": "user.second_factor_changed",
    "webauthn_added": "user.second_factor_changed",
    "webauthn_removed": "user.second_factor_changed",
}
"""What each letter about a change is in the notification centre, so that the two say the same."""


def tell_in_dashboard(name: str, user: User, title: str, body: str) -> None:
    """The notification beside a letter of this name; none for letters that are no news."""
    kind = KIND_OF_LETTER.get(name)
    if kind is None:
        return
    path = reverse("usersessions_list") if name == "new_browser" else reverse("accounts:profile")
    level = "warning" if name == "new_browser" else "info"
    tell_person(user, kind, title, body, path, level)
