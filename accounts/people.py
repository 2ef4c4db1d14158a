"""The members of an account: changed, removed, gone, made owners. The only writer of `Membership` besides
`accounts.invitations` and `accounts.signup`, which make them, and `accounts.letter_choice`.

An account always has an owner: whoever would take the last one away is refused while the account is locked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, Membership, Role, User
from accounts.notices import notify


class LastOwner(Exception):
    """The account would be left without an owner."""


class Gone(Exception):
    """Somebody else was quicker: there is no such member any more."""


class Granted(Protocol):
    """What says how much somebody may do: a membership or an invitation."""

    role: str
    scopes: Any
    sees_content: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """A role; for `Role.LIMITED` the domains in the shape of `Membership.scopes`; whether a viewer reads content."""

    role: Role
    scopes: tuple[dict[str, Any], ...] = ()
    sees_content: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """Of a membership or an invitation."""
        scopes = list(self.scopes) if self.role is Role.LIMITED else []
        return {"role": self.role.value, "scopes": scopes, "sees_content": self.sees_content}

    @property
    def words(self) -> str:
        """The role in a sentence: "Viewer", "Some domains"."""
        return str(self.role.label)


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: whoever is signed in at the request, or what `name` says, such as an API token."""

    request: HttpRequest | None = None
    name: str = ""

    @property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) and user.is_authenticated else None

    @property
    def words(self) -> str:
        """As letters name them."""
        return self.user.get_full_name() if self.user else self.name or _("The service")

    def record(self, action: str, account: Account, target: Any, changes: dict[str, Any] | None = None) -> None:
        """Into the audit log."""
        name = self.name or audit.SYSTEM
        audit.record(action, account=account, target=target, changes=changes, request=self.request, actor_name=name)


def domain_scopes(levels: Iterable[tuple[int, int]]) -> tuple[dict[str, Any], ...]:
    """(domain's id, access level) as `Membership.scopes` keeps them."""
    return tuple(
        {"resource_type": "domain", "resource_id": domain_id, "access_level": level} for domain_id, level in levels
    )


def change(member: Membership, rights: Rights, by: By) -> bool:
    """From now on the member has these rights, and is told; False where they had them. Raises LastOwner and Gone."""
    with transaction.atomic():
        found = _locked(member)
        if rights.role is not Role.OWNER:
            _keep_an_owner(found)
        changes = changes_between(found, rights)
        if not changes:
            return False
        for name, value in rights.fields.items():
            setattr(found, name, value)
        found.save(update_fields=list(rights.fields))
        by.record("membership.changed", found.account, found, changes)
        _tell(
            found,
            "membership.changed",
            _("Your rights in %(account)s have changed"),
            _("%(who)s changed them. Your role is now: %(role)s.") % {"who": by.words, "role": rights.words},
        )
    return True


def remove(member: Membership, by: By) -> None:
    """Ends the membership, and tells the person. Raises LastOwner and Gone."""
    with transaction.atomic():
        found = _locked(member)
        _keep_an_owner(found)
        body = _("%(who)s removed you from this account. What you made there stays.") % {"who": by.words}
        _tell(found, "membership.removed", _("You no longer belong to %(account)s"), body, leads_there=False)
        by.record("membership.removed", found.account, found, _as_it_was(found))
        found.delete()


def leave(member: Membership, by: By) -> None:
    """Ends one's own membership, and tells the owners. Raises LastOwner and Gone."""
    with transaction.atomic():
        found = _locked(member)
        _keep_an_owner(found)
        by.record("membership.left", found.account, found, _as_it_was(found))
        account, name = found.account, found.user.get_full_name()
        found.delete()
        title = _("%(name)s left %(account)s") % {"name": name, "account": account.name}
        body = _("Programs go on with the API tokens that they made. Reset those that only they knew.")
        notify(account, "membership.left", title[:200], body, _people(account), roles=(Role.OWNER,))


def make_owner(member: Membership, giver: Membership, by: By, *, keeps: bool) -> None:
    """Another owner; the giver stays one where `keeps`, and else becomes an admin. All owners are told. Raises Gone."""
    with transaction.atomic():
        found = _locked(member)
        own = _locked(giver)
        before, found.role, found.scopes = found.role, Role.OWNER, []
        found.save(update_fields=["role", "scopes"])
        changes: dict[str, Any] = {"role": {"from": before, "to": found.role}}
        if not keeps:
            own.role = Role.ADMIN
            own.save(update_fields=["role"])
            changes["giver"] = {"from": Role.OWNER.value, "to": Role.ADMIN.value}
        by.record("account.owner_added" if keeps else "account.owner_changed", found.account, found, changes)
        title = _("%(name)s now owns %(account)s") % {"name": found.user.get_full_name(), "account": found.account.name}
        notify(
            found.account,
            "account.owners_changed",
            title[:200],
            _("%(who)s did this. If it was not meant, talk to them, or to our support.") % {"who": by.words},
            _people(found.account),
            level="warning",
        )


def changes_between(before: Granted, rights: Rights) -> dict[str, Any]:
    """What is different, as the audit log keeps it."""
    return {
        name: {"from": getattr(before, name), "to": value}
        for name, value in rights.fields.items()
        if getattr(before, name) != value
    }


def _as_it_was(member: Membership) -> dict[str, Any]:
    return {"role": {"from": member.role, "to": None}, "scopes": {"from": member.scopes, "to": None}}


def _locked(member: Membership) -> Membership:
    """The row as it stands, with the account held, so that of two acts the second sees what the first did."""
    Account.objects.select_for_update(no_key=True).get(pk=member.account_id)
    found = Membership.objects.select_related("account", "user").filter(pk=member.pk).first()
    if found is None:
        raise Gone
    return found


def _keep_an_owner(member: Membership) -> None:
    others = member.account.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.exists():
        raise LastOwner


def _tell(member: Membership, kind: str, title: str, body: str, *, leads_there: bool = True) -> None:
    path = reverse("sending:overview", args=[member.account_id]) if leads_there else ""
    words = title % {"account": member.account.name}
    notify(member.account, kind, words[:200], body, path, level="warning", only=member.user)


def _people(account: Account) -> str:
    return reverse("accounts:people", args=[account.pk])
