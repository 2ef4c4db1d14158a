"""From claims to jobs: content, keys and return paths of a batch, with a bound on the bytes that one batch holds."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from domains.dkim import SigningError
from sending.delivery.compose import Composed, Mail, addresses_of, reverse_path
from sending.delivery.evidence import Ending
from sending.delivery.job import Job, Undeliverable
from sending.delivery.sign import Signer, signers
from sending.models import Attempt, Stream
from sending.models.content import unpack
from sending.protocol.additions import Additions, from_text
from sending.protocol.recipient_links import RecipientRef
from sending.protocol.reply import Reply
from sending.queue import claim as queue
from sending.queue import gate
from sending.queue.claim import Claim
from sending.replies.classify import Category, Phase, Verdict

MOST_BYTES = 32 * 1024 * 1024
"""Of content in one batch; the rest is given back. One message may be larger."""


@dataclass(frozen=True, slots=True)
class Load:
    """A batch of claims with what they need. A content or a key that is missing is simply not there; a key
    that does not open is None."""

    claims: list[Claim]
    contents: dict[uuid.UUID, bytes]
    signers: dict[int, Signer | None]


def load(
    cursor: "psycopg.Cursor[Any]", *, now: datetime, lease: timedelta, limit: int, busy: Collection[str] = ()
) -> Load:
    """Claims a batch, leaving `busy` destinations alone, and reads what it takes to send it."""
    claims = gate.claim_free(cursor, now=now, lease=lease, limit=limit, busy=busy)
    if not claims:
        return Load([], {}, {})
    kept, excess = _within_bytes(claims)
    if excess:
        queue.release(cursor, excess)
    contents = queue.contents(cursor, {claim.content_id for claim in kept})
    key_ids = {key_id for claim in kept for key_id in (claim.dkim_key_id, claim.ed25519_key_id) if key_id is not None}
    return Load(kept, contents, signers(key_ids))


def jobs_of(loaded: Load) -> Iterator[Job]:
    """One job a claim. Recipients of one submission share its content, so that it is read once, and signed once where
    nothing differs between them; marked copies, and what is not to be tracked, are made apart."""
    workshops: dict[tuple[uuid.UUID, str | None, Additions | None], Workshop] = {}
    for claim in loaded.claims:
        key = claim.submission_id, claim.copy_header, _additions(claim)
        workshop = workshops.get(key)
        if workshop is None:
            workshop = workshops[key] = Workshop(claim, loaded, key[2])
        workshop.left += 1
        path = ""
        if claim.domain_name is not None:
            path = reverse_path(claim.message_id, _return_path_domain(claim))
        yield Job(claim, path, partial(workshop.composed, claim), datetime.now(UTC))


def _additions(claim: Claim) -> Additions | None:
    if claim.additions is None:
        return None
    additions = from_text(claim.additions)
    return additions.untracked() if claim.is_untracked else additions


def _return_path_domain(claim: Claim) -> str:
    return f"{claim.verification_label}.{claim.domain_name}"


class Workshop:
    """Makes the bytes of one submission when their turn comes, and forgets them with the last recipient of the batch.

    It keeps nothing else of the batch: a job that waits long must not hold the contents of all the others.
    """

    __slots__ = (
        "_additions",
        "_copy_header",
        "_has_key",
        "_made",
        "_mail",
        "_second",
        "_send_at",
        "_signer",
        "_stored",
        "_submission_id",
        "left",
    )

    def __init__(self, claim: Claim, loaded: Load, additions: Additions | None) -> None:
        self.left = 0
        self._additions = additions
        self._submission_id = claim.submission_id
        self._send_at = claim.send_at
        self._copy_header = claim.copy_header
        self._stored = loaded.contents.get(claim.content_id)
        self._has_key = claim.dkim_key_id in loaded.signers
        self._signer = loaded.signers.get(claim.dkim_key_id) if claim.dkim_key_id is not None else None
        # One that does not open holds up nothing: the first signature is enough.
        self._second = loaded.signers.get(claim.ed25519_key_id) if claim.ed25519_key_id is not None else None
        self._mail: Mail | None = None
        self._made: Composed | None = None

    def composed(self, claim: Claim) -> Composed:
        """The bytes of one recipient. Raises `Undeliverable`."""
        made = self._made or self._make(claim)
        self.left -= 1
        if self.left <= 0:
            self._mail = self._made = None
        return made

    def _make(self, claim: Claim) -> Composed:
        if self._stored is None:
            raise _undeliverable("5.6.0", "The content of this message is no longer stored")
        if not self._has_key:
            raise _undeliverable("5.7.0", "The sending domain of this message no longer exists")
        if self._signer is None:
            raise Undeliverable(_KEY_DOES_NOT_OPEN)
        if self._mail is None:
            self._mail = Mail(
                unpack(self._stored),
                submission_id=self._submission_id,
                send_at=self._send_at,
                copy_header=self._copy_header,
                additions=self._additions,
            )
        addresses = None
        if self._additions is not None and not self._mail.is_same_for_all:
            recipient = RecipientRef(claim.message_id, claim.domain_id, claim.stream, claim.recipient)
            addresses = addresses_of(self._additions, recipient, _return_path_domain(claim))
        try:
            made = self._mail.signed(self._signer, self._second, addresses)
        except SigningError as problem:
            raise _undeliverable("5.6.0", f"The message could not be signed: {problem}") from problem
        if addresses is None:
            self._made = made
        return made


def _within_bytes(claims: list[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Those to keep and the rest, each in their order. Bulk keeps its share beside large transactional mail."""
    if sum(claim.size for claim in claims) <= MOST_BYTES:
        return claims, []
    urgent = [claim for claim in claims if claim.stream != Stream.BULK]
    bulk = claims[len(urgent) :]
    room = MOST_BYTES - (MOST_BYTES // queue.BULK_SHARE if bulk else 0)
    kept_urgent, taken = _first(urgent, room)
    kept_bulk, _ = _first(bulk, MOST_BYTES - min(taken, room))
    excess = urgent[len(kept_urgent) :] + bulk[len(kept_bulk) :]
    return kept_urgent + kept_bulk, excess


def _first(claims: list[Claim], room: int) -> tuple[list[Claim], int]:
    """As many as have room, one at least, and the bytes of their contents, each counted once."""
    total, seen = 0, set[uuid.UUID]()
    for index, claim in enumerate(claims):
        if claim.content_id not in seen:
            seen.add(claim.content_id)
            if total + claim.size > room and index:
                return claims[:index], total
            total += claim.size
    return claims, total


def _undeliverable(enhanced: str, sentence: str) -> Undeliverable:
    verdict = Verdict(Attempt.Outcome.BOUNCED, Category.CONTENT)
    return Undeliverable(Ending(verdict, Phase.COMPOSE, Reply(550, enhanced, (sentence,)), is_local=True))


_KEY_DOES_NOT_OPEN = Ending(
    Verdict(Attempt.Outcome.DEFERRED, Category.OTHER),
    Phase.COMPOSE,
    Reply(451, "4.7.0", ("The signing key of the sending domain cannot be opened; it is tried again",)),
    is_local=True,
)
