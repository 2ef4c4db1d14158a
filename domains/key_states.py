"""What each DKIM key of a domain is doing now, and when it may be replaced: derived from its rows, never stored.

Two RSA selectors stand in DNS. One key signs; a replacement puts fresh material at the other selector, waits until DNS
gives it everywhere, and begins to sign; the one before stays published, so that its mail under way verifies. Nothing
here asks the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domains.models import DkimKey
from domains.records import PLATFORM_TTL

SETTLES_IN = timedelta(seconds=2 * PLATFORM_TTL)
"""From a key's creation until no resolver holds what stood at its selector before: twice the TTL."""
STAYS_FOR = timedelta(days=7)
"""How long a key that signed stays published before another takes its selector: mail is retried and forwarded for days,
and resolvers keep a key as long as the owner of its zone says."""

Algorithm = DkimKey.Algorithm


class KeyState(StrEnum):
    """What a key does."""

    SIGNS = "signs"
    WAITS = "waits"
    """Fresh, and signs as soon as DNS gives it."""
    SPARE = "spare"
    """Published and never used: it takes over at once where the signing key has leaked."""
    STAYS = "stays"
    """Signed before; published until the next replacement."""
    RESTS = "rests"
    """Ed25519, switched off."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one domain by what they do; `other` is the RSA key that does not sign."""

    signer: DkimKey
    other: DkimKey | None
    other_state: KeyState
    ed25519: DkimKey | None
    ed25519_state: KeyState
    retired: tuple[DkimKey, ...]

    @property
    def waiting(self) -> DkimKey | None:
        """The RSA key that will take over."""
        return self.other if self.other_state is KeyState.WAITS else None

    @property
    def pending(self) -> list[DkimKey]:
        """The keys that sign once DNS gives them."""
        second = self.ed25519 if self.ed25519_state is KeyState.WAITS else None
        return [key for key in (self.waiting, second) if key is not None]

    @property
    def replaceable_from(self) -> datetime:
        """When a replacement may begin: not while mail that the key at the other selector signed is under way."""
        began = self.signer.signs_since or self.signer.created_at
        return began + STAYS_FOR if self.other_state is KeyState.STAYS else began

    def settles_at(self, key: DkimKey) -> datetime:
        """From when on `key` may sign. What never had a predecessor at its selector waits for nobody's cache."""
        followed = any(one.selector == key.selector for one in self.retired)
        return key.created_at + SETTLES_IN if followed else key.created_at


def ring(keys: Sequence[DkimKey], *, ed25519_enabled: bool) -> Ring | None:
    """The keys of one domain, sorted out; None while none of them signs."""
    standing = [key for key in keys if key.retired_at is None]
    retired = tuple(sorted((key for key in keys if key.retired_at), key=lambda key: key.pk, reverse=True))
    rsa = sorted((key for key in standing if key.algorithm == Algorithm.RSA), key=_began, reverse=True)
    if not rsa or rsa[0].signs_since is None:
        return None
    signer, other = rsa[0], next(iter(rsa[1:]), None)
    ed25519 = next((key for key in standing if key.algorithm == Algorithm.ED25519), None)
    return Ring(
        signer=signer,
        other=other,
        other_state=_state_of_other(other, rsa[0].signs_since, retired) if other else KeyState.RETIRED,
        ed25519=ed25519,
        ed25519_state=_state_of_ed25519(ed25519, enabled=ed25519_enabled),
        retired=retired,
    )


def _began(key: DkimKey) -> tuple[bool, datetime]:
    return key.signs_since is not None, key.signs_since or key.created_at


def _state_of_other(other: DkimKey, signing_since: datetime, retired: Sequence[DkimKey]) -> KeyState:
    if other.signs_since is not None:
        return KeyState.STAYS
    # The spare of a new domain replaced nothing, and the one that follows a leaked key is as old as its signer's turn.
    replaced = any(key.selector == other.selector for key in retired)
    return KeyState.WAITS if replaced and other.created_at > signing_since else KeyState.SPARE


def _state_of_ed25519(key: DkimKey | None, *, enabled: bool) -> KeyState:
    if key is None or not enabled:
        return KeyState.RESTS
    return KeyState.SIGNS if key.signs_since else KeyState.WAITS
