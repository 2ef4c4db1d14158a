"""The policy: an ordered list of small pure checks; the first refusal counts. The quota is reserved after them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from accounts.message_size import most_bytes
from accounts.scopes import ADMIN, level_on
from sending.models import Door
from sending.policy.recipients import Recipient
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Standing
from sending.protocol.address import AddressError, parse_address


class Candidate(Protocol):
    """What the checks ask of a mail. Its one domain and its recipients have been read before."""

    @property
    def door(self) -> Door: ...
    @property
    def token_id(self) -> int | None: ...
    @property
    def domain(self) -> str: ...
    @property
    def account_id(self) -> int: ...
    @property
    def counted_size(self) -> int: ...
    @property
    def recipients(self) -> Sequence[Recipient]: ...


HELD_CODE = "domain_suspended"
"""Of a domain's permission: it stops mail later, in the queue (`queue.permission`)."""
Check = Callable[[Candidate, Standing, datetime], Refusal | None]


def token_is_valid(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """The token exists in the account and has not expired; only what the service itself sends has none."""
    if mail.token_id is None:
        return None if mail.door is Door.INTERNAL else Refusal(Reason.TOKEN_INVALID)
    if standing.token_scopes is None:
        return Refusal(Reason.TOKEN_INVALID)
    expires_at = standing.token_expires_at
    return Refusal(Reason.TOKEN_INVALID) if expires_at is not None and expires_at <= now else None


def account_is_not_banned(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """The account is there and not banned; while it is suspended its mail is accepted, and held. One that closes
    sends nothing any more."""
    if standing.account_closing:
        return Refusal(Reason.ACCOUNT_CLOSING)
    return None if standing.account_banned is False else Refusal(Reason.ACCOUNT_BANNED)


def domain_may_send(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """The account has a domain of exactly this name, and it may send; of a suspended one mail is accepted, and held."""
    permission = standing.domain_permission
    if permission is None:
        return Refusal(Reason.DOMAIN_UNKNOWN, mail.domain)
    return None if permission.allowed or permission.code == HELD_CODE else Refusal(Reason(permission.code), mail.domain)


def token_permits_domain(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """A scope with admin access names the account or the domain."""
    if mail.token_id is None:
        return None
    level = level_on(standing.token_scopes or (), mail.account_id, "domain", standing.domain_id)
    return None if level >= ADMIN else Refusal(Reason.TOKEN_NOT_PERMITTED, mail.domain)


def size_is_within_limit(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """What the sender composed is within the account's limit; what we added does not count."""
    limit = most_bytes(standing.max_message_bytes)
    return Refusal(Reason.MESSAGE_TOO_LARGE, str(limit)) if mail.counted_size > limit else None


def demo_reaches_its_owners(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """A demo domain sends to the owners of its account alone."""
    if standing.demo_reaches is None:
        return None
    owners = {_comparable(address) for address in standing.demo_reaches}
    others = [one for one in mail.recipients if _comparable(one.address) not in owners]
    return Refusal(Reason.DEMO_RECIPIENT) if others else None


def _comparable(address: str) -> str:
    try:
        return parse_address(address).comparable
    except AddressError:
        return address


CHECKS: tuple[Check, ...] = (
    token_is_valid,
    account_is_not_banned,
    domain_may_send,
    token_permits_domain,
    size_is_within_limit,
    demo_reaches_its_owners,
)


def judge(mail: Candidate, standing: Standing, now: datetime) -> Refusal | None:
    """The first refusal, or None for mail that only the quota can still stop."""
    for check in CHECKS:
        refusal = check(mail, standing, now)
        if refusal is not None:
            return refusal
    return None
