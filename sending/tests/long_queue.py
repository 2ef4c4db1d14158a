"""Queues and logs of any length, written by PostgreSQL itself: for plans and benchmarks, where rows need no content."""

from datetime import datetime, timedelta
from typing import Any

import psycopg

from sending.models.statements import statement

_ROWS = """
WITH row AS MATERIALIZED (
    SELECT i, %(account)s + i %% %(accounts)s AS account_id, 'd' || i %% %(destinations)s || '.test' AS destination,
        (lpad(to_hex(%(first)s::bigint + i * %(span)s::bigint / %(count)s), 12, '0') || '7000a000'
            || lpad(to_hex(i), 12, '0'))::uuid AS id,
        %(due)s::timestamptz + i * interval '1 microsecond' AS due_at
    FROM generate_series(1, %(count)s::bigint) i
)"""
_MESSAGE = """
INSERT INTO {message} (id, submission_id, account_id, domain_id, stream, kind, recipient, from_address, subject, status,
    attempts, opens_count, clicks_count)
SELECT id, id, account_id, account_id, %(stream)s, 'to', 'reader' || i || '@' || destination, 'hello@sender.test',
    'Your order ' || i, %(status)s, 0, 0, 0 FROM row"""
_LOGGED = statement(_ROWS + _MESSAGE)
_QUEUED = statement(
    _ROWS
    + """,
submitted AS (
    INSERT INTO {submission} (id, account_id, domain_id, stream, door, mail_from, from_header, subject, rfc_message_id,
        custom_variables, recipient_count, size, needs_8bit, needs_smtputf8, content_id)
    SELECT id, account_id, account_id, %(stream)s, 'api', '', '', '', '', '{{}}', 1, 10000, false, false, id FROM row
),
queued AS (
    INSERT INTO {queue} (message_id, submission_id, account_id, domain_id, stream, destination, due_at, attempts)
    SELECT id, id, account_id, account_id, %(stream)s, destination, due_at, 0 FROM row
)"""
    + _MESSAGE
)


def add_rows(
    cursor: "psycopg.Cursor[Any]",
    count: int,
    *,
    accepted_at: datetime,
    account: int = 1,
    accounts: int = 1,
    destinations: int = 500,
    stream: str = "transactional",
    is_queued: bool = True,
    span: timedelta = timedelta(minutes=1),
) -> None:
    """Adds `count` messages of `accounts` accounts from `account` on, accepted over `span` and due since."""
    parameters = {
        "count": count,
        "first": int(accepted_at.timestamp() * 1000),
        "span": int(span.total_seconds() * 1000),
        "due": accepted_at,
        "account": account,
        "accounts": accounts,
        "destinations": destinations,
        "stream": stream,
        "status": "queued" if is_queued else "delivered",
    }
    cursor.execute(_QUEUED if is_queued else _LOGGED, parameters)
