"""The only writer of the audit log."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Account, AuditEntry, User

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
    The actor is taken from the request when it is not given. Where no user acts, `actor_name` says what does, such as
    an API token.
    """
    if actor is None and request is not None:
        actor = _signed_in(request)
    return AuditEntry.objects.create(
        account=account,
        actor=actor,
        actor_name=actor.email if actor else actor_name,
        by_staff=by_staff,
        action=action,
        target_type=target._meta.model_name or "" if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target)[:254] if target else "",
        changes=dict(changes or {}),
        ip=request.META.get("REMOTE_ADDR") or None if request else None,
    )


def _signed_in(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_authenticated else None
