"""The only writer of the audit log."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Account, AuditEntry, User

Means = AuditEntry.Means

SYSTEM = "system"


def record(
    action: str,
    *,
    account: Account | None,
    actor: User | None = None,
    target: Model | None = None,
    changes: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
    by_staff: bool = False,
    actor_name: str = SYSTEM,
) -> AuditEntry:
    """Writes one act on the caller's transaction, so that it stands exactly when the act does.

    `action` is `noun.verb` ("api_token.created"); `changes` is `{field: {"from": …, "to": …}}` without secrets.
    The actor is taken from the request when it is not given, and so is by what they were let in; whoever looks into the
    account on a support visit is staff. Where no user acts,
    `actor_name` says what does, such as an API token. `accounts.audit_words` has words for each action.
    """
    if actor is None and request is not None:
        actor = _signed_in(request)
    means, means_id = _means(request)
    return AuditEntry.objects.create(
        account=account,
        actor=actor,
        actor_name=actor.email if actor else actor_name,
        by_staff=by_staff or getattr(request, "is_support_visit", False),
        action=action,
        target_type=target._meta.model_name or "" if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target)[:254] if target else "",
        changes=dict(changes or {}),
        ip=request.META.get("REMOTE_ADDR") or None if request else None,
        means=means,
        means_id=means_id,
    )


@contextmanager
def erasing() -> Iterator[None]:
    """Within it, and on its transaction alone, entries may be changed and deleted: for erasure, the closing of an
    account and the end of retention. Whoever does so records that they did."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('accounts.audit_erasing', 'on', true)")
        yield
        cursor.execute("SELECT set_config('accounts.audit_erasing', '', true)")


def mark_of(session_key: str) -> str:
    """By what a session is told from others in the log."""
    return sha256(session_key.encode()).hexdigest()[:12]


def _means(request: HttpRequest | None) -> tuple[AuditEntry.Means, str]:
    token_id = getattr(getattr(request, "auth", None), "token_id", None)
    if token_id is not None:
        return Means.API_TOKEN, str(token_id)
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key and request is not None and _signed_in(request):
        return Means.SESSION, mark_of(session_key)
    return Means.SERVICE, ""


def _signed_in(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_authenticated else None
