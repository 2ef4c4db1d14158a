"""`POST /api/batch`: up to 500 mails in one request, each with an answer of its own, in order."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from accounts.authentication import TokenIdentity
from sending.api.send.admission import refuse_head, refuse_sandbox
from sending.api.send.answers import Answer, answer, failed, failure, problem_of
from sending.api.send.asked import Asked, Composed
from sending.api.send.body.batch import read_requests, size_of
from sending.api.send.body.fields import MailFields
from sending.api.send.body.mail import Mail, read_fields
from sending.api.send.body_limits import most_mail_octets
from sending.api.send.compose import compose_asked
from sending.api.send.outcomes import accepted
from sending.api.send.suppressed_recipients import Suppressed
from sending.policy.fault import Problem
from sending.policy.idempotency_key import MOST_KEY_CHARACTERS, fingerprint
from sending.policy.refusal import Reason, Refusal
from sending.submission.draft import Idempotency
from sending.submission.submit import Accepted, hand_over

MOST_AT_ONCE = 100
"""Mails that are handed over before the first of them is committed: a batch is not to crowd out the others' mail."""
MOST_OCTETS_AT_ONCE = 2 * 1024 * 1024
"""Of their bodies; a larger mail goes alone."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A mail on its way to the commit, and whether its idempotency key is that of the whole request."""

    composed: Composed
    future: "Future[Accepted | Refusal]"
    is_under_shared_key: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a request of the batch is answered. It holds nothing of the mail: there are 500, of any size.

    `refusal_of_all` is set where what was refused is the batch."""

    content: dict[str, Any]
    is_accepted: bool = False
    refusal_of_all: Refusal | None = None


def read_batch(asked: Asked, identity: TokenIdentity, body: bytes) -> "Batch | Answer":
    """The batch, or what is wrong with the request as a whole. Takes some hundred milliseconds for a large body."""
    if (refused := refuse_head(asked) or refuse_sandbox(asked, identity)) is not None:
        return refused
    problems: list[Problem] = []
    requests = read_requests(body, most_mail_octets(identity.max_message_bytes), problems)
    if problems:
        return failure(*problems)
    is_keyed = asked.idempotency_key is not None
    return Batch(asked, identity, requests, fingerprint("batch", asked.stream.value, body) if is_keyed else None)


class Batch:
    """The requests of a body, each with the base's fields, which are worked on part by part.

    `digest` is what the request's own idempotency key stands for, where it has one."""

    def __init__(
        self, asked: Asked, identity: TokenIdentity, requests: Sequence[MailFields | Problem], digest: bytes | None
    ) -> None:
        self._asked = asked
        self._identity = identity
        self._requests = requests
        self._digest = digest
        self._sizes = [size_of(one) for one in requests]
        # Where the request's key stands for another batch, its first mail tells so before any other is handed over.
        self.parts = _parts(self._sizes, is_first_alone=digest is not None)
        self.octets_at_once = max((sum(self._sizes[part.start : part.stop]) for part in self.parts), default=0)

    def hand_over(self, part: range) -> list[Handed | Result]:
        """Composes these and hands them over. Whatever one of them brings about is its own alone."""
        return [self._hand_over(index) for index in part]

    def _hand_over(self, index: int) -> Handed | Result:
        fields = self._requests[index]
        if not isinstance(fields, MailFields):
            return refused(fields)
        try:
            mail = read_fields(fields, self._sizes[index])
            if isinstance(mail, list):
                return refused(*mail)
            composed = compose_asked(mail, self._asked, self._identity, self._idempotency(index, fields, mail))
            if not isinstance(composed, Composed):
                return refused(composed)
            composed = composed.bound_for(self._asked.sandbox_id)
            is_under_shared_key = self._digest is not None and mail.idempotency_key is None
            return Handed(composed, hand_over(composed.draft), is_under_shared_key)
        except Exception as exception:
            return refused(problem_of(exception))

    def _idempotency(self, index: int, fields: MailFields, mail: Mail) -> Idempotency | None:
        """Its own key, which stands for it alone, or one made of the request's, which stands for the whole body."""
        if mail.idempotency_key is not None:
            names = (name for name in MailFields.__struct_fields__ if name != "idempotency_key")
            octets = (memoryview(getattr(fields, name)) for name in names)
            return self._asked.idempotency("item", *octets, key=mail.idempotency_key)
        if self._asked.idempotency_key is None or self._digest is None:
            return None
        key = f"{self._asked.idempotency_key}#{index}"
        if len(key) > MOST_KEY_CHARACTERS:
            key = f"{sha256(self._asked.idempotency_key.encode()).hexdigest()}#{index}"
        return Idempotency(key, self._digest)


def refused(*problems: Problem) -> Result:
    """What one request hears that never became a mail."""
    return Result(failed(problems))


def result_of(handed: Handed, outcome: Accepted | Refusal, suppressed: Suppressed | None = None) -> Result:
    """What one request hears whose mail was handed over. `suppressed` is what is known of that for a report."""
    if isinstance(outcome, Refusal):
        is_of_all = outcome.reason is Reason.TOKEN_INVALID or (
            outcome.reason is Reason.IDEMPOTENCY_MISMATCH and handed.is_under_shared_key
        )
        return Result(failed([outcome]), refusal_of_all=outcome if is_of_all else None)
    content = accepted(outcome, handed.composed, suppressed)
    return Result({**content, "replayed": True} if outcome.is_replay else content, is_accepted=True)


def refusal_of_all(results: Sequence[Result]) -> Refusal | None:
    """Why the batch as a whole is refused, and nothing more of it handed over; never once a mail was accepted."""
    if any(one.is_accepted for one in results):
        return None
    return next((one.refusal_of_all for one in results if one.refusal_of_all is not None), None)


def answer_of_all(results: Sequence[Result]) -> Answer:
    """All answers in one."""
    refusal = refusal_of_all(results)
    if refusal is not None:
        return failure(refusal)
    return answer({"success": True, "responses": [one.content for one in results]})


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
