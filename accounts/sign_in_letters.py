"""What our sign-in pages (django-allauth) write about an address, a password or a second factor."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.letters import Letter

Context = Mapping[str, Any]


def letter_for(template_prefix: str, context: Context) -> Letter | None:
    """The letter that allauth means by "account/email/password_reset_key" and the like; None for one of no use here."""
    name = template_prefix.rpartition("/")[2]
    if write := _LETTERS.get(name):
        return write(context)
    if change := _changes(context).get(name):
        return _about_a_change(change, context)
    return None


def change_said(template_prefix: str, context: Context) -> tuple[str, str, str]:
    """The name of the letter, its subject and its sentence; empty texts where it is not about a change."""
    name = template_prefix.rpartition("/")[2]
    return (name, *_changes(context).get(name, ("", "")))


def _confirm_address(context: Context) -> Letter:
    return Letter(
        subject=_("Confirm your email address for %(site)s") % _site(),
        paragraphs=(
            _("Welcome. One step is left: confirm that this address is yours, and your account is ready."),
            _("The link works for three days."),
        ),
        action=_("Confirm this address"),
        url=context["activate_url"],
        reason=_(
            "You get this because somebody gave this address to %(site)s. If that was not you, do nothing: "
            "without the link nobody can use it."
        )
        % _site(),
    )


def _reset_password(context: Context) -> Letter:
    return Letter(
        subject=_("Choose a new password for %(site)s") % _site(),
        paragraphs=(
            _("Follow the link to choose a new password. Until you do, the old one stays as it is."),
            _("The link works once."),
        ),
        action=_("Choose a new password"),
        url=context["password_reset_url"],
        reason=_(
            "You get this because somebody asked for a new password for this address. If that was not you, "
            "do nothing: nobody can change your password without this letter."
        ),
    )


def _known_already(context: Context) -> Letter:
    return Letter(
        subject=_("You already have an account at %(site)s") % _site(),
        paragraphs=(
            _("Somebody tried to sign up with this address, but it has an account already. Nothing was changed."),
            _("If it was you: sign in as usual, or choose a new password if you no longer know the old one."),
        ),
        action=_("Choose a new password"),
        url=context["password_reset_url"],
        reason=_("You get this because this address was typed into our sign-up page."),
    )


_LETTERS: dict[str, Callable[[Context], Letter]] = {
    "email_confirmation": _confirm_address,
    "email_confirmation_signup": _confirm_address,
    "password_reset_key": _reset_password,
    "account_already_exists": _known_already,
}


def _changes(context: Context) -> dict[str, tuple[str, str]]:
    """News about a change that already stands: its subject and its sentence."""
    return {
        "new_browser": (
            _("You signed in from a browser that we do not know"),
            _("Somebody signed in to your account with a browser that had not been used for it before."),
        ),
        "password_changed": (_("Your password was changed"), _("The password of your account was changed.")),
        "password_reset": (
            _("Your password was changed"),
            _("A new password was chosen through the link in our letter."),
        ),
        "password_set": (_("A password was set"), _("Your account now has a password.")),
        "email_changed": (
            _("Your email address was changed"),
            _("You now sign in with %(to)s instead of %(from)s.")
            % {"from": context.get("from_email", ""), "to": context.get("to_email", "")},
        ),
        "email_confirm": (_("Your email address was confirmed"), _("The address of your account was confirmed.")),
        "email_deleted": (
            _("An email address was removed"),
            _("%(email)s was removed from your account.") % {"email": context.get("deleted_email", "")},
        ),
        "totp_activated": (
            _("Second factor: authenticator app added"),
            _("Signing in now asks for a code from your authenticator app."),
        ),
        "totp_deactivated": (
            _("Second factor: authenticator app removed"),
            _("Signing in no longer asks for a code from your authenticator app."),
        ),
        "recovery_codes_generated": (
            _("New recovery codes were made"),
            _("A new set of recovery codes was made; the old ones no longer work."),
        ),
        "webauthn_added": (_("Second factor: security key added"), _("A security key was added to your account.")),
        "webauthn_removed": (
            _("Second factor: security key removed"),
            _("A security key was removed from your account."),
        ),
    }


def _about_a_change(change: tuple[str, str], context: Context) -> Letter:
    subject, sentence = change
    return Letter(
        subject=subject,
        paragraphs=(
            sentence,
            _("If that was not you, choose a new password at once and look through the sessions of your account."),
        ),
        facts=_facts(context),
        action=_("Open %(site)s") % _site(),
        url=settings.SITE_URL,
        reason=_("You get this because the security of your account is concerned; these letters cannot be stopped."),
    )


def _facts(context: Context) -> tuple[tuple[str, str], ...]:
    at = context.get("timestamp")
    facts = (
        (_("When"), date_format(localtime(at), "j F Y, H:i e") if at else ""),
        (_("Network address"), context.get("ip") or ""),
        (_("Browser"), context.get("user_agent") or ""),
    )
    return tuple((label, str(fact)) for label, fact in facts if fact)


def _site() -> dict[str, str]:
    return {"site": settings.SITE_NAME}
