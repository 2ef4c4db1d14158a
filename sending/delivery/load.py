"""From claims to jobs: content, keys and return paths of a batch, with a bound on the bytes that one batch holds."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from domains.dkim import SigningError
from sending.delivery.classify import Category, Phase, Verdict
from sending.delivery.compose import Composed, compose, reverse_path
from sending.delivery.evidence import Ending
from sending.delivery.job import Job, Undeliverable
from sending.delivery.sign import Signer, signers
from sending.models import Attempt
from sending.models.content import unpack
from sending.protocol.reply import Reply
from sending.queue import claim as queue
from sending.queue import gate
from sending.queue.claim import Claim

MOST_BYTES = 32 * 1024 * 1024
"""Of content in one batch; the rest is given back. One message may be larger."""


@dataclass(frozen=True, slots=True)
class Load:
    """A batch of claims with what they need. A content or a key that is missing is simply not there."""

    claims: list[Claim]
    contents: dict[uuid.UUID, bytes]
    signers: dict[int, Signer]


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
    key_ids = {claim.dkim_key_id for claim in kept if claim.dkim_key_id is not None}
    return Load(kept, contents, signers(key_ids))


def jobs_of(loaded: Load) -> Iterator[Job]:
    """One job a claim. Recipients of one submission share its bytes, so that these are made and signed once."""
    workshop = Workshop(loaded)
    for claim in loaded.claims:
        path = ""
        if claim.domain_name is not None:
            path = reverse_path(claim.message_id, f"{claim.verification_label}.{claim.domain_name}")
        yield Job(claim, path, partial(workshop.composed, claim), datetime.now(UTC))


class Workshop:
    """Makes the bytes of a batch when their turn comes, and forgets them with their last recipient."""

    def __init__(self, loaded: Load) -> None:
        self._loaded = loaded
        self._left = Counter(claim.submission_id for claim in loaded.claims)
        self._made: dict[uuid.UUID, Composed] = {}

    def composed(self, claim: Claim) -> Composed:
        """Raises `Undeliverable`."""
        made = self._made.get(claim.submission_id) or self._make(claim)
        self._left[claim.submission_id] -= 1
        if self._left[claim.submission_id] > 0:
            self._made[claim.submission_id] = made
        else:
            self._made.pop(claim.submission_id, None)
        return made

    def _make(self, claim: Claim) -> Composed:
        stored = self._loaded.contents.get(claim.content_id)
        if stored is None:
            raise _undeliverable("5.6.0", "The content of this message is no longer stored")
        signer = self._loaded.signers.get(claim.dkim_key_id) if claim.dkim_key_id is not None else None
        if signer is None:
            raise _undeliverable("5.7.0", "The sending domain of this message no longer exists")
        try:
            return compose(unpack(stored), signer=signer, submission_id=claim.submission_id)
        except SigningError as problem:
            raise _undeliverable("5.6.0", f"The message could not be signed: {problem}") from problem


def _within_bytes(claims: list[Claim]) -> tuple[list[Claim], list[Claim]]:
    total, seen = 0, set[uuid.UUID]()
    for index, claim in enumerate(claims):
        if claim.content_id not in seen:
            seen.add(claim.content_id)
            total += claim.size
            if total > MOST_BYTES and index:
                return claims[:index], claims[index:]
    return claims, []


def _undeliverable(enhanced: str, sentence: str) -> Undeliverable:
    verdict = Verdict(Attempt.Outcome.BOUNCED, Category.CONTENT)
    return Undeliverable(Ending(verdict, Phase.COMPOSE, Reply(550, enhanced, (sentence,)), is_local=True))
