"""The allowances of demo domains, counted in the transaction that accepts their mail. The only writer of
`demo_emails_left` once the domain is made; `domains.compliance` derives the same status from it."""

from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from domains.models import SendingDomain
from mailtrap_site.bulk_values import Column

Cursor = psycopg.Cursor[Any]
"""Of psycopg itself: the parameters are bound by the server."""

_DOMAIN = SendingDomain._meta.db_table
_DEMO, _EXHAUSTED = SendingDomain.Compliance.DEMO.value, SendingDomain.Compliance.DEMO_EXHAUSTED.value


def hold(cursor: Cursor, domain_ids: Collection[int]) -> dict[int, int]:
    """What each of these demo domains has left. Until the commit nobody else takes of it; the locks come in order, and
    before those of the meters."""
    if not domain_ids:
        return {}
    cursor.execute(_HOLD, (Column("bigint", sorted(domain_ids)),))
    return dict(cursor.fetchall())


def take(cursor: Cursor, emails: Mapping[int, int]) -> None:
    """Takes what was accepted off the allowances that `hold` has locked."""
    if emails:
        cursor.execute(_TAKE, (Column("bigint", list(emails)), Column("bigint", list(emails.values()))))


_HOLD = f"""
SELECT id, demo_emails_left FROM {_DOMAIN} WHERE id = ANY(%b::bigint[]) AND is_demo ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 the table's name comes from the model
_TAKE = f"""
UPDATE {_DOMAIN} AS d SET demo_emails_left = d.demo_emails_left - by.emails,
    compliance_status = CASE WHEN d.demo_emails_left = by.emails AND d.compliance_status = '{_DEMO}'
        THEN '{_EXHAUSTED}' ELSE d.compliance_status END
FROM unnest(%b::bigint[], %b::bigint[]) AS by (id, emails)
WHERE d.id = by.id AND d.demo_emails_left >= by.emails
"""  # noqa: S608
