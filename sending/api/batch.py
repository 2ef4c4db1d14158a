"""`POST /api/batch`: up to 500 mails in one request, each with an answer of its own, in order.

A request's field takes the place of the base's whole. One that is null counts as not given, as everywhere, so that
encoders which write out every field do not empty the base; an empty value does take its place.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from accounts.authentication import TokenIdentity
from sending.api.answers import Answer, answer, failed, failure, problem_of
from sending.api.asked import Asked, Composed, fingerprint
from sending.api.body_fields import NOTHING, UNREADABLE, Field, MailFields, decode, is_given, octets_of
from sending.api.body_limits import most_mail_octets
from sending.api.send import accepted, compose_asked, refuse_head, refuse_sandbox
from sending.api.send_body import MOST_KEY_CHARACTERS, Mail, read_fields
from sending.policy.fault import MOST_REQUESTS, Fault, FaultCode, Problem
from sending.policy.refusal import Reason, Refusal
from sending.submission.draft import Idempotency
from sending.submission.submit import Accepted, hand_over

MOST_AT_ONCE = 100
"""Mails that are handed over before the first of them is committed: a batch is not to crowd out the others' mail."""
MOST_OCTETS_AT_ONCE = 2 * 1024 * 1024
"""Of their bodies; a larger mail goes alone."""
_NOT_IN_BASE = ("to", "cc", "bcc", "idempotency_key")
_EMPTY = (b"", b"null", b"[]")


class _Shape(msgspec.Struct):
    base: msgspec.Raw = NOTHING
    requests: msgspec.Raw = NOTHING


# A list of millions of elements is not to become as many objects: what comes after the last field is passed over.
_Requests = msgspec.defstruct(
    "_Requests", [(f"number_{number}", msgspec.Raw, NOTHING) for number in range(MOST_REQUESTS + 1)], array_like=True
)
_SHAPE = msgspec.json.Decoder(_Shape)
_BASE = Field[MailFields]("base", MailFields)
_REQUESTS = Field[msgspec.Struct]("requests", _Requests)
_ITEM = msgspec.json.Decoder(MailFields)


@dataclass(frozen=True, slots=True)
class Handed:
    """A mail on its way to the commit."""

    composed: Composed
    future: "Future[Accepted | Refusal]"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request: accepted, or all that was wrong. `composed` is None where it was never a mail."""

    outcome: Accepted | Sequence[Problem]
    composed: Composed | None = None


def read_batch(asked: Asked, identity: TokenIdentity, body: bytes) -> "Batch | Answer":
    """The batch, or what is wrong with the request as a whole. Takes some hundred milliseconds for a large body."""
    if (refused := refuse_head(asked) or refuse_sandbox(asked, identity)) is not None:
        return refused
    shape = decode(_SHAPE, body)
    if shape is None:
        return failure(Fault(FaultCode.JSON_INVALID))
    problems: list[Problem] = []
    base = _BASE.read(shape.base, problems) or MailFields()
    problems += (
        Fault(FaultCode.BASE_FIELD_NOT_ALLOWED, f"'{name}'")
        for name in _NOT_IN_BASE
        if bytes(getattr(base, name)) not in _EMPTY
    )
    before = len(problems)
    requests = _REQUESTS.read(shape.requests, problems)
    if requests is None and len(problems) == before:
        problems.append(Fault(FaultCode.REQUESTS_MISSING))
    raws = [] if requests is None else [one for one in msgspec.structs.astuple(requests) if one is not NOTHING]
    if len(raws) > MOST_REQUESTS:
        problems.append(Fault(FaultCode.REQUESTS_TOO_MANY))
    if problems:
        return failure(*problems)
    most = most_mail_octets(identity.max_message_bytes)
    items = [_item(base, raw, index, most) for index, raw in enumerate(raws)]
    is_keyed = asked.idempotency_key is not None
    return Batch(asked, identity, items, fingerprint("batch", asked.stream, body) if is_keyed else None)


class Batch:
    """The requests of a body, each with the base's fields, and what becomes of them part by part."""

    def __init__(
        self, asked: Asked, identity: TokenIdentity, items: Sequence[MailFields | Problem], digest: bytes | None
    ) -> None:
        self._asked = asked
        self._identity = identity
        self._items = items
        self._digest = digest
        sizes = [octets_of(*msgspec.structs.astuple(one)) if isinstance(one, MailFields) else 0 for one in items]
        self._sizes = sizes
        # Where the request's key stands for another batch, its first mail tells so before any other is handed over.
        self.parts = _parts(sizes, is_first_alone=digest is not None)
        self.octets_at_once = max((sum(sizes[part.start : part.stop]) for part in self.parts), default=0)

    def hand_over(self, part: range) -> list[Handed | Result]:
        """Composes these and hands them over. Whatever one of them brings about is its own alone."""
        return [self._hand_over(index) for index in part]

    def is_mismatched(self, results: Sequence[Result]) -> bool:
        """Whether the request's key stands for another batch: then nothing more is handed over."""
        return not any(isinstance(one.outcome, Accepted) for one in results) and any(map(self._is_mismatched, results))

    def answer(self, results: Sequence[Result]) -> Answer:
        """All answers in one."""
        if self.is_mismatched(results):
            return failure(Refusal(Reason.IDEMPOTENCY_MISMATCH))
        return answer({"success": True, "responses": [_told(one) for one in results]})

    def _hand_over(self, index: int) -> Handed | Result:
        fields = self._items[index]
        if not isinstance(fields, MailFields):
            return Result([fields])
        try:
            mail = read_fields(fields, self._sizes[index])
            if isinstance(mail, list):
                return Result(mail)
            composed = compose_asked(mail, self._asked, self._identity, self._idempotency(index, fields, mail))
            if not isinstance(composed, Composed):
                return Result([composed])
            return Handed(composed, hand_over(composed.draft))
        except Exception as exception:
            return Result([problem_of(exception)])

    def _idempotency(self, index: int, fields: MailFields, mail: Mail) -> Idempotency | None:
        """Its own key, which stands for it alone, or one made of the request's, which stands for the whole body."""
        if mail.idempotency_key is not None:
            raws = (getattr(fields, name) for name in MailFields.__struct_fields__ if name != "idempotency_key")
            octets = (bytes(memoryview(raw)) for raw in raws)
            return self._asked.idempotency("item", *octets, key=mail.idempotency_key)
        if self._asked.idempotency_key is None or self._digest is None:
            return None
        key = f"{self._asked.idempotency_key}#{index}"
        if len(key) > MOST_KEY_CHARACTERS:
            key = f"{sha256(self._asked.idempotency_key.encode()).hexdigest()}#{index}"
        return Idempotency(key, self._digest)

    def _is_mismatched(self, result: Result) -> bool:
        idempotency = None if result.composed is None else result.composed.draft.idempotency
        is_under_our_key = idempotency is not None and idempotency.fingerprint == self._digest
        return is_under_our_key and result.outcome == [Refusal(Reason.IDEMPOTENCY_MISMATCH)]


def result_of(handed: Handed, outcome: Accepted | Refusal) -> Result:
    """What became of a mail that was handed over."""
    return Result([outcome] if isinstance(outcome, Refusal) else outcome, handed.composed)


def _item(base: MailFields, raw: msgspec.Raw, index: int, most_octets: int) -> MailFields | Problem:
    """The request with the base's fields, as far as it has none of its own."""
    try:
        own = _ITEM.decode(raw)
    except UNREADABLE:
        return Fault(FaultCode.FIELD_INVALID, f"'requests' {index}")
    pairs = zip(msgspec.structs.astuple(own), msgspec.structs.astuple(base), strict=True)
    fields = MailFields(*(mine if is_given(mine) else theirs for mine, theirs in pairs))
    # Before any work: a base stands in every request, and a large one would be composed 500 times only to be refused.
    is_too_large = octets_of(*msgspec.structs.astuple(fields)) > most_octets
    return Refusal(Reason.MESSAGE_TOO_LARGE) if is_too_large else fields


def _parts(sizes: Sequence[int], *, is_first_alone: bool) -> list[range]:
    """Neighbours that are handed over together, of `sizes` octets each."""
    parts: list[range] = []
    start, octets = 0, 0
    for index, size in enumerate(sizes):
        is_full = index - start == MOST_AT_ONCE or octets + size > MOST_OCTETS_AT_ONCE
        if index > start and (is_full or (is_first_alone and start == 0)):
            parts.append(range(start, index))
            start, octets = index, 0
        octets += size
    if start < len(sizes):
        parts.append(range(start, len(sizes)))
    return parts


def _told(result: Result) -> dict[str, Any]:
    if not isinstance(result.outcome, Accepted):
        return failed(result.outcome)
    assert result.composed is not None
    content = accepted(result.outcome, result.composed)
    return {**content, "replayed": True} if result.outcome.is_replay else content
