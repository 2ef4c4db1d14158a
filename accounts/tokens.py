"""The life of an API token: created, reset, deleted. Its secret leaves this file once and is never stored."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.authentication import digest_of, forget_tokens
from accounts.models import Account, ApiToken, User
from accounts.scopes import ADMIN, level_on_sub_accounts
from accounts.token_life import told_at_start

GRACE_AFTER_RESET = timedelta(hours=12)
_ID_SUFFIX = re.compile(r" \(\d+\)$")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token is held to besides its scopes; each is a field of ApiToken."""

    expires_at: datetime | None = None
    emails_per_month: int | None = None
    sends_only: bool = False
    networks: tuple[str, ...] = ()


UNLIMITED = Limits()


class Life(Enum):
    """What a reset makes of the end."""

    AS_LONG = "as long"
    """From now on as long as the old one had at its beginning."""


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
    limits: Limits = UNLIMITED,
    *,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> tuple[ApiToken, str]:
    """A saved token and its secret of 32 hexadecimal digits. Without `scopes` it may do everything in the account."""
    granted = whole_account(account) if scopes is None else list(scopes)
    with transaction.atomic():
        token, secret = _make(account, user, name, granted, limits)
        audit.record(
            "api_token.created", account=account, actor=user, target=token, request=request, actor_name=actor_name
        )
    return token, secret


def reset(
    token: ApiToken,
    user: User | None,
    *,
    expires_at: datetime | Literal[Life.AS_LONG] | None = Life.AS_LONG,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> tuple[ApiToken, str]:
    """A new token with the same name, scopes and limits, and its secret; the old one works for 12 more hours.

    The contract wants a new id, and the id at the end of the name. Raises TokenIsEnding.
    """
    now = timezone.now()
    last_moment = now + GRACE_AFTER_RESET
    with transaction.atomic():
        old = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
        if old is None or is_ending(old, last_moment):
            raise TokenIsEnding
        end = _life_from(old, now) if expires_at is Life.AS_LONG else expires_at
        base_name = _ID_SUFFIX.sub("", old.name)[:80]
        limits = Limits(end, old.emails_per_month, old.sends_only, tuple(old.networks))
        new, secret = _make(old.account, user, base_name, old.scopes, limits)
        new.name = f"{base_name} ({new.pk})"
        new.save(update_fields=["name"])
        # Its end is no news: whoever reset it was told.
        old.expires_at, old.told_days = last_moment, 0
        old.save(update_fields=["expires_at", "told_days"])
        audit.record(
            "api_token.reset",
            account=old.account,
            actor=user,
            target=old,
            changes={"token": {"from": old.pk, "to": new.pk}},
            request=request,
            actor_name=actor_name,
        )
        transaction.on_commit(forget_tokens)
    return new, secret


def delete(
    token: ApiToken, user: User | None, *, request: HttpRequest | None = None, actor_name: str = audit.SYSTEM
) -> bool:
    """Ends the token at once; False where it is gone already."""
    with transaction.atomic():
        target = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
        if target is None:
            return False
        audit.record(
            "api_token.deleted",
            account=target.account,
            actor=user,
            target=target,
            request=request,
            actor_name=actor_name,
        )
        target.delete()
        transaction.on_commit(forget_tokens)
    return True


def reaches_sub_accounts(token: ApiToken) -> bool:
    """Whether it is for the whole organisation: then only who may give that away gets its successor."""
    return level_on_sub_accounts(token.scopes, token.account_id) > 0


def is_ending(token: ApiToken, last_moment: datetime | None = None) -> bool:
    """Whether the token ends so soon that a reset would not shorten its life."""
    return token.expires_at is not None and token.expires_at <= (last_moment or timezone.now() + GRACE_AFTER_RESET)


def _life_from(old: ApiToken, now: datetime) -> datetime | None:
    return None if old.expires_at is None else now + (old.expires_at - old.created_at)


def _make(
    account: Account, user: User | None, name: str, scopes: list[dict[str, Any]], limits: Limits
) -> tuple[ApiToken, str]:
    secret, now = secrets.token_hex(16), timezone.now()
    token = ApiToken.objects.create(
        account=account,
        name=name,
        digest=digest_of(secret),
        first_digits=secret[:4],
        last_digits=secret[-4:],
        scopes=scopes,
        created_by=user,
        created_at=now,
        expires_at=limits.expires_at,
        emails_per_month=limits.emails_per_month,
        sends_only=limits.sends_only,
        networks=list(limits.networks),
        told_days=told_at_start(None if limits.expires_at is None else limits.expires_at - now),
    )
    return token, secret
