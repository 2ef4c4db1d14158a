"""Finds the API token behind a secret, for the HTTP API and for SMTP AUTH. Whether its account may send is policy."""

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import ApiToken
from accounts.networks import is_address, is_within

CACHE_SECONDS = 2.0
CACHE_SIZE = 4096
MOST_UNKNOWN = 1024
_SECRET = re.compile(r"[0-9a-f]{32}")
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenIdentity:
    """Whose token it is and what it may do; `scopes` has the shape of `ApiToken.scopes`."""

    token_id: int
    account_id: int
    scopes: tuple[dict[str, Any], ...]
    name: str
    max_message_bytes: int | None = None
    """The account's own limit, where it has one."""
    sends_only: bool = False
    """Whether it opens nothing but the ways in which mail is sent."""
    networks: tuple[str, ...] = ()
    """The networks (CIDR) from which it is taken; empty for anywhere."""


@dataclass(frozen=True, slots=True)
class _Known:
    identity: TokenIdentity | None
    expires_at: datetime | None
    forget_at: float


_known: OrderedDict[str, _Known] = OrderedDict()
_unknown: OrderedDict[str, _Known] = OrderedDict()
"""Apart from the others: who tries one secret after another pushes no token out of the cache."""
_lock = Lock()


def digest_of(secret: str) -> str:
    """What is stored of a secret: 128 random bits need no slow hash."""
    return sha256(secret.encode()).hexdigest()


def could_be_token(secret: str) -> bool:
    """Whether the text has a token's form."""
    return _SECRET.fullmatch(secret) is not None


def authenticate_token(secret: str, address: str = "") -> TokenIdentity | None:
    """The identity behind the secret; None when there is none, its time is over, or the client's `address` lies outside
    its networks.

    Blocks on the database at most once in two seconds a secret and process; the group commit reads the standing of
    tokens again, so a revoked one is never accepted from this cache.
    """
    if not could_be_token(secret):
        return None
    digest = digest_of(secret)
    known = _remembered(digest)
    if known is None:
        known = _look_up(digest, address)
        _remember(digest, known)
    return _at(known, address)


def remembered_identity(secret: str, address: str = "") -> TokenIdentity | None:
    """What `authenticate_token` would answer, where it need not ask the database for it; for event loops."""
    known = _remembered(digest_of(secret)) if could_be_token(secret) else None
    return None if known is None else _at(known, address)


def forget_tokens() -> None:
    """Empties this process's cache; called when a token is reset or deleted here."""
    with _lock:
        _known.clear()
        _unknown.clear()


def _at(known: _Known, address: str) -> TokenIdentity | None:
    """The identity now and from there."""
    identity = known.identity
    if identity is None or (known.expires_at is not None and known.expires_at <= timezone.now()):
        return None
    return identity if is_within(identity.networks, address) else None


def _remembered(digest: str) -> _Known | None:
    with _lock:
        known = _known.get(digest) or _unknown.get(digest)
        if known is None or known.forget_at <= time.monotonic():
            return None
        return known


def _remember(digest: str, known: _Known) -> None:
    cache, other, most = (_known, _unknown, CACHE_SIZE) if known.identity else (_unknown, _known, MOST_UNKNOWN)
    with _lock:
        other.pop(digest, None)
        cache[digest] = known
        cache.move_to_end(digest)
        while len(cache) > most:
            cache.popitem(last=False)


def _look_up(digest: str, address: str) -> _Known:
    forget_at = time.monotonic() + CACHE_SECONDS
    now = timezone.now()
    valid = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    token = valid.annotate(max_message_bytes=F("account__max_message_bytes")).filter(digest=digest).first()
    if token is None:
        return _Known(None, None, forget_at)
    if is_within(token.networks, address):
        _note_use(token, now, address)
    identity = TokenIdentity(
        token.pk,
        token.account_id,
        tuple(token.scopes),
        token.name,
        token.max_message_bytes,
        token.sends_only,
        tuple(token.networks),
    )
    return _Known(identity, token.expires_at, forget_at)


def _note_use(token: ApiToken, now: datetime, address: str) -> None:
    """The condition stands in the statement too, so that of many processes only one writes."""
    stale = now - USE_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > stale:
        return
    unnoted = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=stale), pk=token.pk)
    unnoted.update(last_used_at=now, last_used_from=address if is_address(address) else None)
