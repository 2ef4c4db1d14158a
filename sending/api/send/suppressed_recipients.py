"""Which recipients of an accepted mail are suppressed, for the report that its request asked for.

They are accepted all the same, and rejected when their turn comes. A mail without a report costs nothing here, and a
database that does not answer costs the report a fact, never the mail its answer.
"""

import asyncio
import uuid
from collections.abc import Mapping

import psycopg
import structlog
from django.db import Error as DatabaseError

from mailtrap_site.database_pool import DatabasePool
from sending.api.send.asked import Composed
from sending.models.statements import raw_cursor
from sending.policy.refusal import Refusal
from sending.submission.draft import Accepted
from sending.suppressions.check import suppressed_among

log = structlog.get_logger(__name__)

Suppressed = Mapping[uuid.UUID, str]
"""The type of the entry, by message id."""
SECONDS = 2.0
_AWAY = (psycopg.Error, DatabaseError, TimeoutError)


def suppressed_of(composed: Composed, outcome: Accepted | Refusal) -> Suppressed | None:
    """Asks the database. None where nobody wants to know, or it does not answer."""
    try:
        return _read(composed, outcome) if _is_wanted(composed, outcome) else None
    except _AWAY as problem:
        log.warning("suppressed_recipients_not_known", problem=type(problem).__name__)
        return None


async def suppressed_beside(pool: DatabasePool, composed: Composed, outcome: Accepted | Refusal) -> Suppressed | None:
    """The same for an event loop."""
    if not _is_wanted(composed, outcome):
        return None
    try:
        async with asyncio.timeout(SECONDS):
            return await pool.run(lambda: _read(composed, outcome))
    except _AWAY as problem:
        log.warning("suppressed_recipients_not_known", problem=type(problem).__name__)
        return None


def _is_wanted(composed: Composed, outcome: Accepted | Refusal) -> bool:
    return composed.report is not None and isinstance(outcome, Accepted) and composed.draft.sandbox_id is None


def _read(composed: Composed, outcome: Accepted | Refusal) -> Suppressed:
    assert isinstance(outcome, Accepted)
    addresses = (address for _, address in composed.draft.recipients)
    return suppressed_among(
        raw_cursor(), composed.draft.account_id, dict(zip(outcome.message_ids, addresses, strict=False))
    )
