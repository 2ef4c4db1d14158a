"""The statements with which `events.record` changes queue entries and messages in bulk."""

from sending.models.statements import statement

# `froms[i]` becomes `tos[i]`, or `aheads[i]` where the time that was chosen is still to come; a status that is not
# listed stays. One event for many messages.
CHANGE_MESSAGES = statement("""
UPDATE {message} m
SET status = coalesce((CASE WHEN c.send_at > %(at)s THEN %(aheads)s::text[] ELSE %(tos)s::text[] END)[
        array_position(%(froms)s::text[], m.status::text)], m.status),
    next_attempt_at = coalesce(c.due_at, c.send_at, %(next)s::timestamptz), send_at = coalesce(c.send_at, m.send_at),
    finished_at = CASE WHEN %(is_final)s AND m.status = ANY(%(froms)s::text[])
        THEN coalesce(m.finished_at, %(at)s) ELSE m.finished_at END
FROM unnest(%(ids)b::uuid[], %(send_ats)b::timestamptz[], %(due_ats)b::timestamptz[]) c(id, send_at, due_at)
WHERE m.id = c.id AND m.id >= %(low)s AND m.id <= %(high)s""")

# `froms[i]` becomes `tos[i]`; a status that is not listed stays. The queue entry is locked first, as everywhere.
APPLY_NEWS = statement("""
WITH entry AS MATERIALIZED (SELECT message_id FROM {queue} WHERE message_id = %(id)s FOR UPDATE),
changed AS (
    UPDATE {message} m
    SET status = coalesce((%(tos)s::text[])[array_position(%(froms)s::text[], m.status::text)], m.status),
        finished_at = CASE WHEN m.status = ANY(%(froms)s::text[]) AND %(finals)s::text[] <> '{{}}'
            THEN coalesce(m.finished_at, %(at)s) ELSE m.finished_at END,
        opted_out_at = CASE WHEN %(opts_out)s THEN coalesce(m.opted_out_at, %(at)s) ELSE m.opted_out_at END
    WHERE m.id = %(id)s AND (SELECT count(*) FROM entry) >= 0 RETURNING m.id, m.status
)
DELETE FROM {queue} q USING changed c WHERE q.message_id = c.id AND c.status = ANY(%(finals)s::text[])""")

FEED = statement("""
INSERT INTO {batch} (account_id, event_ids, written_at)
SELECT account_id, array_agg(id ORDER BY place), now()
FROM unnest(%(ids)b::uuid[], %(accounts)b::bigint[]) WITH ORDINALITY e(id, account_id, place) GROUP BY account_id""")
