"""The statements with which `events.record` changes queue entries and messages in bulk."""

from sending.models.statements import statement

LEAVE = statement("""
DELETE FROM {queue} q USING unnest(%(ids)s::uuid[], %(owners)s::uuid[]) r(id, owner)
WHERE q.message_id = r.id AND q.lease_owner = r.owner RETURNING q.message_id""")

REQUEUE = statement("""
UPDATE {queue} q
SET due_at = r.due, attempts = r.number, lease_owner = NULL, lease_until = NULL, uncertain_since = NULL
FROM unnest(%(ids)s::uuid[], %(owners)s::uuid[], %(dues)s::timestamptz[], %(numbers)s::int[]) r(id, owner, due, number)
WHERE q.message_id = r.id AND q.lease_owner = r.owner RETURNING q.message_id""")

# The bounds let PostgreSQL leave out partitions that hold none of them.
UPDATE_MESSAGES = statement("""
UPDATE {message} m
SET status = r.status, attempts = r.number, next_attempt_at = r.retry, finished_at = r.finished,
    recipient_mx = coalesce(r.host, m.recipient_mx), sending_ip = coalesce(r.source, m.sending_ip), reply = r.reply
FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(numbers)s::int[], %(retries)s::timestamptz[],
    %(finished)s::timestamptz[], %(hosts)s::text[], %(sources)s::inet[], %(replies)s::text[])
    r(id, status, number, retry, finished, host, source, reply)
WHERE m.id = r.id AND m.id >= %(low)s AND m.id <= %(high)s""")

# `froms[i]` becomes `tos[i]`; a status that is not listed stays.
APPLY_NEWS = statement("""
WITH changed AS (
    UPDATE {message} m
    SET status = coalesce((%(tos)s::text[])[array_position(%(froms)s::text[], m.status::text)], m.status),
        finished_at = CASE WHEN m.status = ANY(%(froms)s::text[]) AND %(finals)s::text[] <> '{{}}'
            THEN coalesce(m.finished_at, %(at)s) ELSE m.finished_at END,
        opted_out_at = CASE WHEN %(opts_out)s THEN coalesce(m.opted_out_at, %(at)s) ELSE m.opted_out_at END,
        opens_count = m.opens_count + %(opens)s, clicks_count = m.clicks_count + %(clicks)s
    WHERE m.id = %(id)s RETURNING m.id, m.status
)
DELETE FROM {queue} q USING changed c WHERE q.message_id = c.id AND c.status = ANY(%(finals)s::text[])""")
