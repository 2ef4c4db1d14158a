"""The life of an API token: created, reset, deleted. Its secret leaves this file once and is never stored."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.authentication import digest_of, forget_tokens
from accounts.models import Account, ApiToken, User
from accounts.scopes import ADMIN

GRACE_AFTER_RESET = timedelta(hours=12)
_ID_SUFFIX = re.compile(r" \(\d+\)$")


class TokenIsEnding(Exception):
    """The token was deleted, has expired, or ends within the hours that a reset would give it."""


def whole_account(account: Account) -> list[dict[str, Any]]:
    """The scopes of a token that may do everything in the account."""
    return [{"resource_type": "account", "resource_id": account.pk, "access_level": ADMIN}]


def create(
    account: Account,
    user: User | None,
    name: str,
    scopes: Sequence[dict[str, Any]] | None = None,
    *,
    expires_at: datetime | None = None,
    emails_per_month: int | None = None,
    request: HttpRequest | None = None,
) -> tuple[ApiToken, str]:
    """A saved token and its secret of 32 hexadecimal digits. Without `scopes` it may do everything in the account."""
    granted = whole_account(account) if scopes is None else list(scopes)
    with transaction.atomic():
        token, secret = _make(account, user, name, granted, expires_at, emails_per_month)
        audit.record("api_token.created", account=account, actor=user, target=token, request=request)
    return token, secret


def reset(token: ApiToken, user: User | None, *, request: HttpRequest | None = None) -> tuple[ApiToken, str]:
    """A new token with the same name and scopes, and its secret; the old one works for 12 more hours.

    The contract wants a new id, and the id at the end of the name. Raises TokenIsEnding.
    """
    last_moment = timezone.now() + GRACE_AFTER_RESET
    with transaction.atomic():
        old = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
        if old is None or is_ending(old, last_moment):
            raise TokenIsEnding
        base_name = _ID_SUFFIX.sub("", old.name)[:80]
        new, secret = _make(old.account, user, base_name, old.scopes, old.expires_at, old.emails_per_month)
        new.name = f"{base_name} ({new.pk})"
        new.save(update_fields=["name"])
        old.expires_at = last_moment
        old.save(update_fields=["expires_at"])
        audit.record(
            "api_token.reset",
            account=old.account,
            actor=user,
            target=old,
            changes={"token": {"from": old.pk, "to": new.pk}},
            request=request,
        )
        transaction.on_commit(forget_tokens)
    return new, secret


def delete(token: ApiToken, user: User | None, *, request: HttpRequest | None = None) -> None:
    """Ends the token at once. Deleting one that is gone does nothing."""
    with transaction.atomic():
        target = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
        if target is None:
            return
        audit.record("api_token.deleted", account=target.account, actor=user, target=target, request=request)
        target.delete()
        transaction.on_commit(forget_tokens)


def is_ending(token: ApiToken, last_moment: datetime | None = None) -> bool:
    """Whether the token ends so soon that a reset would not shorten its life."""
    return token.expires_at is not None and token.expires_at <= (last_moment or timezone.now() + GRACE_AFTER_RESET)


def _make(
    account: Account,
    user: User | None,
    name: str,
    scopes: list[dict[str, Any]],
    expires_at: datetime | None,
    emails_per_month: int | None,
) -> tuple[ApiToken, str]:
    secret = secrets.token_hex(16)
    token = ApiToken.objects.create(
        account=account,
        name=name,
        digest=digest_of(secret),
        first_digits=secret[:4],
        last_digits=secret[-4:],
        scopes=scopes,
        created_by=user,
        expires_at=expires_at,
        emails_per_month=emails_per_month,
    )
    return token, secret
