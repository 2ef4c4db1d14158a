"""The meter's SQL. Rows of several accounts are locked in account order, by everybody."""

from billing.models import UsageDay, UsagePeriod

_METER, _DAY = UsagePeriod._meta.db_table, UsageDay._meta.db_table

UNLIMITED = 2**63 - 1
"""What a meter is held to where there is no limit."""

# For a day on which the account's period turns: its two periods have two rows, and whoever holds one of them does not
# keep a sender on the other waiting. The first key sets these locks apart from others.
LOCK_DAY = """
SELECT pg_advisory_xact_lock(1835365, account_id::integer) FROM (
    SELECT account_id FROM unnest(%b::bigint[]) AS turning (account_id) ORDER BY account_id) AS ordered
"""

_DEMANDS = """
FROM unnest(%b::bigint[], %b::timestamptz[], %b::timestamptz[], %b::bigint[], %b::bigint[], %b::bigint[])
  AS demand (account_id, starts_at, ends_at, recipients, message_limit, organization_id)"""

# Each row is locked, also where the condition does not hold, and read again before that is judged: so the limit holds
# whoever else is sending. Accounts come in order, so two batches wait for each other and never deadlock. The limit
# stays as it was last seen: what differs has changed since.
RESERVE = f"""
INSERT INTO {_METER} AS meter (account_id, starts_at, ends_at, used, message_limit, organization_id)
SELECT account_id, starts_at, ends_at, recipients, message_limit, organization_id {_DEMANDS}
ORDER BY account_id
ON CONFLICT (account_id, starts_at) DO UPDATE SET used = meter.used + excluded.used
WHERE meter.used + excluded.used <= excluded.message_limit
RETURNING account_id, id, used, message_limit
"""

# Locks and reads, adds nothing.
HOLD = f"""
INSERT INTO {_METER} AS meter (account_id, starts_at, ends_at, used, message_limit, organization_id)
SELECT account_id, starts_at, ends_at, 0, message_limit, organization_id {_DEMANDS}
ORDER BY account_id
ON CONFLICT (account_id, starts_at) DO UPDATE SET used = meter.used
RETURNING account_id, id, used, message_limit
"""

CORRECT = f"""
UPDATE {_METER} AS meter SET used = meter.used + by.recipients, message_limit = by.message_limit
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[]) AS by (id, recipients, message_limit) WHERE meter.id = by.id
"""  # noqa: S608

READ = f"""
SELECT account_id, used FROM {_METER}
WHERE (account_id, starts_at) IN (SELECT * FROM unnest(%b::bigint[], %b::timestamptz[]))
"""  # noqa: S608

# Days first, under token 0: what the account sent and what its meter counted of others; then tokens in their period.
# Its own statement after the lock, so that it sees all that was committed before.
SUMS = f"""
SELECT of_day.account_id, 0, coalesce((
    SELECT sum(used) FROM {_DAY} d WHERE d.account_id = of_day.account_id AND d.day = of_day.day), 0)::bigint
  + coalesce((
    SELECT sum(d.used) FROM {_METER} p
    JOIN {_DAY} d ON d.account_id = p.account_id AND d.day = of_day.day AND d.period_id = p.id
    WHERE p.organization_id = of_day.account_id AND p.starts_at > of_day.day - 33), 0)::bigint
FROM unnest(%b::bigint[], %b::date[]) AS of_day (account_id, day)
UNION ALL
SELECT of_token.account_id, of_token.token_id, coalesce((
    SELECT sum(d.used) FROM {_METER} p JOIN {_DAY} d ON d.period_id = p.id AND d.token_id = of_token.token_id
    WHERE p.account_id = of_token.account_id AND p.starts_at = of_token.starts_at), 0)::bigint
FROM unnest(%b::bigint[], %b::bigint[], %b::timestamptz[]) AS of_token (account_id, token_id, starts_at)
"""  # noqa: S608

COUNT_DAY = f"""
INSERT INTO {_DAY} AS counted (account_id, period_id, day, domain, stream, token_id, used, given_back)
SELECT account_id, period_id, day, domain, stream, token_id, used, 0
FROM unnest(%b::bigint[], %b::bigint[], %b::date[], %b::text[], %b::text[], %b::bigint[], %b::bigint[])
  AS accepted (account_id, period_id, day, domain, stream, token_id, used)
ON CONFLICT (account_id, day, period_id, domain, stream, token_id) DO UPDATE SET used = counted.used + excluded.used
"""  # noqa: S608

# What has no meter, the platform's own, is given back to none; what two meters counted, to both.
GIVE_BACK = f"""
WITH counted AS MATERIALIZED (
    SELECT period.id, period.organization_id, period.starts_at
    FROM unnest(%b::bigint[], %b::timestamptz[]) AS cancelled (account_id, accepted_at)
    JOIN {_METER} AS period ON period.account_id = cancelled.account_id
      AND period.starts_at <= cancelled.accepted_at AND cancelled.accepted_at < period.ends_at
), given AS MATERIALIZED (
    SELECT id, count(*) AS recipients FROM (
        SELECT id FROM counted
        UNION ALL
        SELECT pool.id FROM counted
        JOIN {_METER} AS pool ON pool.account_id = counted.organization_id AND pool.starts_at = counted.starts_at
    ) AS meters GROUP BY id
), locked AS MATERIALIZED (
    SELECT period.id FROM {_METER} AS period JOIN given USING (id)
    ORDER BY period.account_id, period.starts_at FOR UPDATE OF period
)
UPDATE {_METER} AS meter
SET used = greatest(meter.used - given.recipients, 0), given_back = meter.given_back + given.recipients
FROM given JOIN locked USING (id) WHERE meter.id = given.id
"""  # noqa: S608

# Whoever counts a day holds its meter, which `GIVE_BACK` has just locked.
GIVE_DAY_BACK = f"""
WITH given AS MATERIALIZED (
    SELECT d.id, count(*) AS recipients
    FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[], %b::text[], %b::bigint[])
      AS cancelled (account_id, accepted_at, domain, stream, token_id)
    JOIN {_METER} AS period ON period.account_id = cancelled.account_id
      AND period.starts_at <= cancelled.accepted_at AND cancelled.accepted_at < period.ends_at
    JOIN {_DAY} AS d ON d.account_id = period.account_id AND d.period_id = period.id
      AND d.day = (cancelled.accepted_at AT TIME ZONE 'UTC')::date AND d.domain = cancelled.domain
      AND d.stream = cancelled.stream AND d.token_id = cancelled.token_id
    GROUP BY d.id
)
UPDATE {_DAY} AS counted
SET used = greatest(counted.used - given.recipients, 0), given_back = counted.given_back + given.recipients
FROM given WHERE counted.id = given.id
"""  # noqa: S608
