"""Finds what no one woke: due entries, leases that ran out, and messages that were cut off after their uncertain mark.

The default policy for the last is RFC 1047's: send again, and count it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

import structlog

from sending.events.record import Evidence, Result, record_results
from sending.models import Attempt
from sending.models.statements import raw_cursor, statement

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 500
SENTENCE = "The connection ended after the message had been sent and before the answer came; it is sent again"


@dataclass(frozen=True, slots=True)
class Swept:
    """`uncertain`: messages found cut off, now queued again; `due`: whether a worker has something to do."""

    uncertain: int
    due: bool


def sweep(now: datetime) -> Swept:
    """One pass; safe to run side by side with others and with drains."""
    uncertain = 0
    while found := _requeue_uncertain(now):
        uncertain += found
    return Swept(uncertain, _is_anything_due(now))


def _requeue_uncertain(now: datetime) -> int:
    cursor = raw_cursor()
    cursor.execute(_CUT_OFF, {"now": now, "limit": MOST_AT_ONCE})
    results = [_result(row, now) for row in cursor.fetchall()]
    written = record_results(results)
    for message_id in written:
        log.warning("uncertain", message=message_id)
    return len(written)


def _result(row: tuple[uuid.UUID, int, int, uuid.UUID, datetime], now: datetime) -> Result:
    message_id, account_id, attempts, owner, since = row
    evidence = Evidence(
        outcome=Attempt.Outcome.UNCERTAIN,
        phase="final dot",
        started_at=since,
        finished_at=now,
        enhanced_code="4.4.2",
        reply_text=SENTENCE,
    )
    details = {
        "email_service_provider_status": "4.4.2",
        "email_service_provider_response": SENTENCE,
        "bounce_category": "transientfail",
        "uncertain": True,
        "next_attempt_at": now.isoformat(),
    }
    return Result(message_id, account_id, owner, attempts + 1, evidence, now, details)


def _is_anything_due(now: datetime) -> bool:
    return raw_cursor().execute(_DUE, {"now": now}).fetchone() is not None


# The lease of a worker that was killed; the fence of `record_results` sees to it that only one sweep wins.
_CUT_OFF = statement("""
SELECT message_id, account_id, attempts, lease_owner, uncertain_since FROM {queue}
WHERE uncertain_since IS NOT NULL AND lease_until < %(now)s AND due_at <= %(now)s LIMIT %(limit)s""")
_DUE = statement("""
SELECT 1 FROM {queue}
WHERE stream = ANY(ARRAY['transactional', 'bulk']) AND due_at <= %(now)s AND uncertain_since IS NULL
  AND (lease_until IS NULL OR lease_until < %(now)s) LIMIT 1""")
