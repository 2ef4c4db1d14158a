"""Which letters a member gets: the only writer of `Membership.stopped_letters`. The dashboard tells all anyway."""

from collections.abc import Collection

from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, Membership, Role, User
from accounts.notice_kinds import Kind, Topic, kinds_for, may_stop
from accounts.roles import Ability, domains_with

USAGE = "usage.alert"
USAGE_READERS = (Role.OWNER, Role.BILLING)
"""The roles that are told of usage."""
_SALT = "accounts.letter_choice"


class BadToken(Exception):
    """Nothing that we signed, or about nobody who is a member any more."""


def kinds_told(membership: Membership) -> dict[Topic, list[tuple[str, Kind]]]:
    """What this member is told about the account, by topic."""
    only_looks = membership.is_limited and not domains_with(membership, Ability.MANAGE_DOMAINS)
    return kinds_for(Role.VIEWER if only_looks else Role(membership.role))


def choose(membership: Membership, wanted: Collection[str], request: HttpRequest | None = None) -> bool:
    """From now on this member gets letters of these kinds, and of those that cannot be stopped; False where that was
    so already. Choices about kinds that the role is not told stay as they are."""
    shown = {name for kinds in kinds_told(membership).values() for name, _kind in kinds if may_stop(name)}
    with transaction.atomic():
        held = _locked(membership)
        return _save(held, (set(held.stopped_letters) - shown) | (shown - set(wanted)), request)


def stop(membership: Membership, kind: str, request: HttpRequest | None = None) -> bool:
    """No more letters of this kind; False where that was so already, or may not be."""
    if not may_stop(kind):
        return False
    with transaction.atomic():
        held = _locked(membership)
        return _save(held, {*held.stopped_letters, kind}, request)


def has_stopped(account: Account, reader: User, kind: str) -> bool:
    """Whether this person wants no letters of this kind about this account."""
    stopped = Membership.objects.filter(account=account, user=reader, stopped_letters__contains=[kind])
    return may_stop(kind) and stopped.exists()


def stop_path(account: Account, kind: str) -> str:
    """Where letters of this kind are stopped; empty where they cannot be."""
    return reverse("accounts:letters", args=[account.pk]) if may_stop(kind) else ""


def stop_words(kind: str) -> str:
    """The words of the link that leads there."""
    if kind == USAGE:
        return _("Stop usage letters")
    return _("Stop letters like this") if may_stop(kind) else ""


def one_click_path(account: Account, reader: User, kind: str) -> str:
    """Where one POST stops them (RFC 8058), without signing in; empty where they cannot be stopped.

    It has no end: what it allows is to get less mail."""
    if not may_stop(kind):
        return ""
    return reverse("accounts:letters_stop", args=[signing.dumps([account.pk, reader.pk, kind], salt=_SALT)])


def read_one_click(token: str) -> tuple[Membership, str]:
    """Whose letters of which kind. Raises BadToken."""
    try:
        account_id, user_id, kind = signing.loads(token, salt=_SALT)
    except signing.BadSignature as problem:
        raise BadToken from problem
    found = Membership.objects.select_related("account", "user").filter(account=account_id, user=user_id).first()
    if found is None or not may_stop(kind):
        raise BadToken
    return found, kind


def _locked(membership: Membership) -> Membership:
    return Membership.objects.select_for_update(of=("self",)).select_related("account", "user").get(pk=membership.pk)


def _save(held: Membership, stopped: set[str], request: HttpRequest | None) -> bool:
    before, after = sorted(held.stopped_letters), sorted(stopped)
    if before == after:
        return False
    held.stopped_letters = after
    held.save(update_fields=["stopped_letters"])
    audit.record(
        "membership.letters_chosen",
        account=held.account,
        actor=held.user,
        target=held,
        changes={"stopped_letters": {"from": before, "to": after}},
        request=request,
    )
    return True
