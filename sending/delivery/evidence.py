"""From how an attempt ended to the result that is recorded: evidence, the event's details, and when to try again."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from sending.events.record import Evidence, Result
from sending.models import PARKED, TLS_REQUIRED, Attempt, Hold
from sending.protocol.reply import Reply
from sending.protocol.smtp_client_events import RecipientOutcome, SessionFailed, TranscriptLine
from sending.queue.claim import Claim
from sending.queue.schedule import next_attempt
from sending.replies.classify import Phase, Verdict, classify, classify_local
from sending.replies.providers import provider_of

_RNG = Random()  # noqa: S311
MAX_REPLY_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Contact:
    """The server that was spoken to, as far as the attempt came."""

    host: str | None = None
    ip: str | None = None
    preference: int | None = None
    source_ip: str | None = None
    tls: str | None = None
    timing: dict[str, int] = field(default_factory=dict)


NOBODY = Contact()


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. `is_local`: the reply is our own word."""

    verdict: Verdict
    phase: Phase
    reply: Reply
    is_local: bool
    conversation: tuple[TranscriptLine, ...] = ()


def ending_of(outcome: RecipientOutcome, conversation: Iterable[TranscriptLine]) -> Ending:
    """What a finished transaction means for its recipient."""
    phase = Phase.of(outcome.phase)
    return Ending(
        _verdict(outcome.reply, phase, outcome.is_local, outcome.is_uncertain),
        phase,
        outcome.reply,
        outcome.is_local,
        tuple(conversation),
    )


def ending_of_failure(failure: SessionFailed) -> Ending:
    """What it means that no session came about."""
    phase = Phase.of(failure.phase)
    verdict = _verdict(failure.reply, phase, failure.is_local, uncertain=False)
    return Ending(verdict, phase, failure.reply, failure.is_local, failure.transcript)


def no_tls_ending(ending: Ending) -> Ending:
    """Of an attempt that stopped short of sending in the clear what its domain wants encrypted."""
    reply = replace(ending.reply, lines=(f"Not sent in the clear, as the sending domain asks: {ending.reply.text}",))
    return replace(ending, verdict=replace(ending.verdict, rule=TLS_REQUIRED), reply=reply)


def result_of(
    claim: Claim, ending: Ending, contact: Contact, *, started_at: datetime, now: datetime, content_sha256: bytes | None
) -> Result:
    """What `events.record` writes. The last attempt that the schedule allows turns a deferral into a bounce."""
    number = claim.attempts + 1
    outcome = ending.verdict.outcome
    retry_at, hold = None, None
    if outcome is Attempt.Outcome.UNCERTAIN and claim.asks_when_uncertain:
        retry_at, hold = PARKED, Hold.UNCERTAIN
    elif outcome in (Attempt.Outcome.DEFERRED, Attempt.Outcome.UNCERTAIN):
        delay = next_attempt(number, _RNG)
        retry_at = now + delay if delay is not None else None
        if retry_at is None:
            outcome = Attempt.Outcome.BOUNCED
    evidence = Evidence(
        outcome=outcome,
        phase=ending.phase.value,
        started_at=started_at,
        finished_at=now,
        mx_host=contact.host,
        mx_ip=contact.ip,
        mx_preference=contact.preference,
        source_ip=contact.source_ip,
        tls=contact.tls,
        reply_code=None if ending.is_local else ending.reply.code,
        enhanced_code=ending.reply.enhanced,
        reply_text=ending.reply.text[:MAX_REPLY_TEXT],
        conversation=[(line.direction.value, line.text) for line in ending.conversation],
        timing=contact.timing,
        content_sha256=content_sha256,
    )
    return Result(
        message_id=claim.message_id,
        account_id=claim.account_id,
        lease_owner=claim.lease_owner,
        number=number,
        evidence=evidence,
        retry_at=retry_at,
        details=_details(ending, contact, evidence, None if hold else retry_at),
        hold=hold,
    )


def _verdict(reply: Reply, phase: Phase, is_local: bool, uncertain: bool) -> Verdict:
    return classify_local(reply, uncertain=uncertain) if is_local else classify(reply, phase)


def _details(ending: Ending, contact: Contact, evidence: Evidence, retry_at: datetime | None) -> dict[str, Any]:
    """The contract's fields of the event; what we add is told apart by its own names."""
    details: dict[str, Any] = {
        "sending_ip": contact.source_ip,
        "recipient_mx": contact.host,
        "email_service_provider": provider_of(contact.host),
    }
    if evidence.outcome is Attempt.Outcome.DELIVERED:
        return details
    details |= {
        "email_service_provider_status": ending.reply.enhanced,
        "email_service_provider_response": evidence.reply_text,
        "bounce_category": ending.verdict.category,
        "response_code": evidence.reply_code,
        "cure": ending.verdict.cure,
    }
    if ending.verdict.rule:
        details["rule"] = ending.verdict.rule
    if ending.verdict.outcome is Attempt.Outcome.UNCERTAIN:
        details["uncertain"] = True
    if retry_at is not None:
        details["next_attempt_at"] = retry_at.isoformat()
    elif evidence.outcome is Attempt.Outcome.UNCERTAIN:
        details["asks"] = True
    elif ending.verdict.outcome is not Attempt.Outcome.BOUNCED:
        details["gave_up"] = True
    return details
