"""An email log of any length, written by PostgreSQL itself: one large tenant with most of the mail, fifty small ones.

Messages with their submissions and events, spread over four weeks. Outcomes, providers, categories and domains are
drawn by hashes of the row's number, so each run writes the same log.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sending.models.statements import statement

SPAN = timedelta(days=27)
SMALL_TENANTS = 50
AT_ONCE = 500_000

_ROW = """
SELECT numbered.*,
    CASE WHEN draw < 70 THEN %(large)s ELSE %(small)s + draw %% 50 END AS account_id,
    %(domain)s + CASE WHEN drawn < 10 THEN 3 WHEN drawn < 2000 THEN 2 WHEN drawn < 4000 THEN 1 ELSE 0 END AS domain_id,
    CASE WHEN drawn %% 10 < 3 THEN 'transactional' ELSE 'bulk' END AS stream,
    CASE WHEN i > %(total)s * 0.995 AND fate %% 20 = 0
            THEN (ARRAY['queued', 'deferred', 'held', 'uncertain', 'scheduled'])[1 + fate / 20 %% 5]
        WHEN fate < 9300 THEN 'delivered' WHEN fate < 9700 THEN 'bounced' WHEN fate < 9790 THEN 'rejected'
        WHEN fate < 9800 THEN 'cancelled' ELSE 'delivered' END AS status,
    CASE WHEN whose < 5500 THEN 'Google' WHEN whose < 7500 THEN 'Outlook' WHEN whose < 8500 THEN 'Yahoo'
        WHEN whose < 8510 THEN 'GMX.net' WHEN whose < 9500 THEN 'Office 365' END AS provider,
    CASE WHEN kind < 2 THEN 'Password reset' WHEN kind < 9000 THEN 'Category ' || kind %% 12 END AS category
FROM (
    SELECT i,
        (lpad(to_hex(%(first)s::bigint + i * %(span)s::bigint / %(total)s), 12, '0') || '7000a000'
            || lpad(to_hex(i), 12, '0'))::uuid AS id,
        to_timestamp((%(first)s::bigint + i * %(span)s::bigint / %(total)s) / 1000.0) AS at,
        (hashint8(i) & 2147483647) %% 100 AS draw,
        (hashint8(i + 1000000007) & 2147483647) %% 10000 AS drawn,
        (hashint8(i + 2000000011) & 2147483647) %% 10000 AS fate,
        (hashint8(i + 3000000019) & 2147483647) %% 10000 AS whose,
        (hashint8(i + 4000000007) & 2147483647) %% 10000 AS kind
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) i OFFSET 0
) numbered"""
_MESSAGES = """
INSERT INTO {message} (id, submission_id, account_id, domain_id, stream, kind, recipient, from_address, subject,
    category, status, attempts, finished_at, recipient_mx, provider, sending_ip, reply, opens_count, clicks_count,
    opted_out_at)
SELECT id, id, account_id, domain_id, stream, 'to', 'Reader' || i %% 3000000 || '@d' || i %% 5000 || '.test',
    (ARRAY['news', 'shop', 'hello', 'receipts'])[1 + domain_id %% 4] || '@sender' || domain_id || '.test',
    'Your order ' || i, category, status, 1,
    CASE WHEN status NOT IN ('queued', 'deferred', 'held', 'uncertain', 'scheduled') THEN at + interval '2 seconds' END,
    'mx' || whose %% 9 || '.' || coalesce(provider, 'elsewhere') || '.test', provider, '192.0.2.7'::inet,
    CASE WHEN status = 'bounced' THEN '550 5.1.1 No such user' ELSE '250 2.0.0 OK' END,
    CASE WHEN fate < 2000 THEN 1 + fate %% 3 ELSE 0 END, CASE WHEN fate < 400 THEN 1 ELSE 0 END,
    CASE WHEN fate < 22 THEN at + interval '1 hour' END
FROM row"""
_SUBMISSIONS = """
INSERT INTO {submission} (id, account_id, domain_id, stream, door, client_ip, mail_from, from_header, subject,
    rfc_message_id, category, custom_variables, recipient_count, size, needs_8bit, needs_smtputf8, content_id)
SELECT id, account_id, domain_id, stream, 'api', ('203.0.113.' || i %% 250)::inet, '', 'Shop <shop@sender.test>',
    'Your order ' || i, '<' || id || '@sender.test>', category,
    jsonb_build_object('order', (i %% 100000)::text), 1, 10000, false, false, id FROM row"""
_EVENTS = """
INSERT INTO {event} (id, message_id, account_id, type, occurred_at, details)
SELECT (left(id::text, 15) || '0' || happened.number || substr(id::text, 18))::uuid, id, account_id, type, at, '{{}}'
FROM row, LATERAL (VALUES (1, 'accepted', true), (2, 'delivery', status = 'delivered'),
    (3, 'bounce', status = 'bounced'),
    (4, 'open', fate < 2000), (5, 'click', fate < 400), (6, 'unsubscribe', fate < 20), (7, 'spam', fate IN (20, 21)))
    AS happened (number, type, happens)
WHERE happens"""
_STATEMENTS = [
    statement("WITH row AS NOT MATERIALIZED (" + _ROW + ")" + text) for text in (_MESSAGES, _SUBMISSIONS, _EVENTS)
]


def write_log(count: int, *, large: int, domain: int) -> None:
    """Adds `count` messages up to now, seven tenths of them of account `large`; its four domains count from `domain`.

    The indexes are taken away meanwhile and built at the end, as one would to restore a copy.
    """
    from django.db import connection

    from sending.models import Attempt, Event, Message
    from sending.models.partitions import make_partitions
    from sending.models.statements import raw_cursor

    now = datetime.now(UTC)
    for week in range(6):
        make_partitions(now - timedelta(weeks=week))
    cursor, begun = raw_cursor(), time.monotonic()
    cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
    indexed = [(model, index) for model in (Message, Event, Attempt) for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexed:
            editor.remove_index(model, index)
    parameters: dict[str, Any] = {
        "total": count,
        "large": large,
        "small": large + 1000,
        "domain": domain,
        "first": int((now - SPAN).timestamp() * 1000),
        "span": int(SPAN.total_seconds() * 1000),
    }
    for first in range(1, count + 1, AT_ONCE):
        for text in _STATEMENTS:
            cursor.execute(text, parameters | {"from": first, "to": min(first + AT_ONCE - 1, count)})
    print(f"{count:,} messages with submissions and events written in {time.monotonic() - begun:.0f} s", flush=True)
    for model, index in indexed:
        begun = time.monotonic()
        with connection.schema_editor() as editor:
            editor.add_index(model, index)
        print(f"index {index.name:24} built in {time.monotonic() - begun:5.0f} s", flush=True)
    for table in ("sending_message", "sending_submission", "sending_event"):
        cursor.execute(f"VACUUM ANALYZE {table}")
    cursor.execute("CHECKPOINT")
    print(f"tidied in {time.monotonic() - begun:.0f} s", flush=True)
