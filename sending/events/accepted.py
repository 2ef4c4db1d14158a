"""The first event of every message, as a part of the statement with which the acceptance writes its rows."""

from psycopg import sql

from sending.models import Event
from sending.models.statements import fragment

INSERT_ACCEPTED = fragment(
    """
INSERT INTO {event} (id, message_id, account_id, type, occurred_at, details)
SELECT message_id, message_id, account_id, {accepted}, %(now)s,
    CASE WHEN send_at IS NULL THEN '{{}}' ELSE jsonb_build_object('send_at', send_at) END
FROM recipient""",
    accepted=sql.Literal(Event.Type.ACCEPTED.value),
)
"""Reads a relation `recipient` (`message_id`, `account_id`, `send_at`). The event carries the id of its message: there
is one."""
