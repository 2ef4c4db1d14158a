"""The sandboxes of an account: made, renamed, emptied, deleted. The only writer of Sandbox."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account
from sending.capture import store
from sending.models import Sandbox

MOST = 20
"""Of one account: each may hold `store.KEPT_OCTETS`."""


class TooMany(Exception):
    """The account has all the sandboxes that it may have."""


class TheLast(Exception):
    """An account keeps one sandbox: programs know its id."""


def sandboxes_of(account: Account) -> Sequence[Sandbox]:
    """The account's sandboxes, the oldest first. Who asks for the first time gets one made."""
    found = list(account.sandboxes.order_by("pk"))
    if found:
        return found
    with transaction.atomic():
        _lock(account)
        if not account.sandboxes.exists():
            Sandbox.objects.create(account=account, name=_("My sandbox"))
    return list(account.sandboxes.order_by("pk"))


def make(account: Account, name: str, *, request: HttpRequest | None = None) -> Sandbox:
    """A further sandbox. Raises TooMany."""
    with transaction.atomic():
        _lock(account)
        if account.sandboxes.count() >= MOST:
            raise TooMany
        sandbox = Sandbox.objects.create(account=account, name=name)
        audit.record("sandbox.created", account=account, target=sandbox, request=request)
    return sandbox


def rename(sandbox: Sandbox, name: str, *, request: HttpRequest | None = None) -> bool:
    """Whether that changed anything."""
    before = sandbox.name
    if name == before:
        return False
    with transaction.atomic():
        sandbox.name = name
        sandbox.save(update_fields=["name"])
        changes = {"name": {"from": before, "to": name}}
        audit.record("sandbox.renamed", account=sandbox.account, target=sandbox, changes=changes, request=request)
    return True


def empty(sandbox: Sandbox, *, request: HttpRequest | None = None) -> int:
    """Deletes all its mail; returns how many went."""
    with transaction.atomic():
        gone = store.delete(sandbox.pk)
        changes = {"mails": {"from": gone, "to": 0}}
        audit.record("sandbox.emptied", account=sandbox.account, target=sandbox, changes=changes, request=request)
    return gone


def delete_mail(sandbox: Sandbox, captured_id: uuid.UUID, *, request: HttpRequest | None = None) -> int:
    """Deletes one mail; returns 0 where it was gone already. The audit log names it by its id, as it holds no mail."""
    with transaction.atomic():
        gone = store.delete(sandbox.pk, captured_id)
        if gone:
            changes = {"mail": {"from": str(captured_id), "to": None}}
            audit.record(
                "sandbox.mail_deleted", account=sandbox.account, target=sandbox, changes=changes, request=request
            )
    return gone


def delete(sandbox: Sandbox, *, request: HttpRequest | None = None) -> None:
    """Deletes it with its mail. Raises TheLast; one that is gone is passed over."""
    with transaction.atomic():
        _lock(sandbox.account)
        others = sandbox.account.sandboxes.exclude(pk=sandbox.pk)
        target = sandbox.account.sandboxes.select_for_update().filter(pk=sandbox.pk).first()
        if target is None:
            return
        if not others.exists():
            raise TheLast
        audit.record("sandbox.deleted", account=sandbox.account, target=target, request=request)
        target.delete()


def _lock(account: Account) -> None:
    """Those who make and delete follow one another, so that what they counted holds."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
