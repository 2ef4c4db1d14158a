"""Which letters a member gets: the only writer of `Membership.usage_letters`. The dashboard tells everything anyway."""

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, Membership, Role, User

USAGE = "usage.alert"
"""The kind of notices whose letters may be stopped; all others are about what only letters save in time."""
USAGE_READERS = (Role.OWNER, Role.BILLING)
"""The roles that are told of usage."""


def choose_usage_letters(membership: Membership, wanted: bool, request: HttpRequest) -> bool:
    """From now on this member gets them or not; False where that was so already."""
    with transaction.atomic():
        if not Membership.objects.filter(pk=membership.pk).exclude(usage_letters=wanted).update(usage_letters=wanted):
            return False
        membership.usage_letters = wanted
        changes = {"usage_letters": {"from": str(not wanted), "to": str(wanted)}}
        audit.record(
            "membership.letters_chosen", account=membership.account, target=membership, changes=changes, request=request
        )
    return True


def has_stopped(account: Account, reader: User, kind: str) -> bool:
    """Whether this person wants no letters of this kind about this account."""
    return (
        kind == USAGE and Membership.objects.filter(account=account, user=reader).exclude(usage_letters=True).exists()
    )


def stop_path(account: Account, kind: str) -> str:
    """Where letters of this kind are stopped; empty where they cannot be."""
    return reverse("accounts:letters", args=[account.pk]) if kind == USAGE else ""


def stop_words(kind: str) -> str:
    """The words of the link that leads there."""
    return _("Stop usage letters") if kind == USAGE else ""
