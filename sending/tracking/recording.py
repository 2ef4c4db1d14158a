"""Writes openings and clicks, many at a time: two short questions, then the events."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from mailtrap_site.bulk_values import Column
from sending.events.record import News, record_news
from sending.models import Event
from sending.models.statements import raw_cursor, statement
from sending.suppressions import same_address
from sending.tracking import opt_outs
from sending.tracking.addresses import kept_ip
from sending.tracking.machines import Request, machine_of
from sending.tracking.places import Place
from sending.tracking.seen import Seen

AT_ONCE = timedelta(seconds=1)
"""Between two links of a mail that no person follows so soon one after the other."""
STATEMENT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class _Message:
    """`delivered_at` is None where no delivery is known; `recipient_ips` the choice of its domain."""

    account_id: int
    domain_id: int
    recipient: str
    delivered_at: datetime | None
    recipient_ips: str

    @property
    def place(self) -> Place:
        return Place(self.account_id, self.domain_id, same_address(self.recipient))


def record(batch: Sequence[Seen], beside: Iterable[Seen] = ()) -> int:
    """Records what was seen of messages that are still there and whose readers let themselves be tracked; how many.

    `beside`: clicks shortly before and after, recorded elsewhere, for judging whether several links were followed at
    once. Raises what the database does.
    """
    if not batch:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Nobody waits for these; whoever holds a row for long must not have all later ones pile up.
            cursor.execute("SET LOCAL statement_timeout = %s", [STATEMENT_SECONDS * 1000])
        messages = _messages({seen.link.message_id for seen in batch})
        opted_out = opt_outs.opted_out({one.place for one in messages.values()})
        tracked = {key: one for key, one in messages.items() if one.place not in opted_out}
        followed = _followed([*batch, *beside])
        news = [
            _news(seen, tracked[seen.link.message_id], followed) for seen in batch if seen.link.message_id in tracked
        ]
        record_news(news)
    return len(news)


def _messages(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, _Message]:
    cursor = raw_cursor()
    cursor.execute(_MESSAGES, {"ids": Column("uuid", list(ids)), "low": min(ids), "high": max(ids)}, prepare=True)
    return {message_id: _Message(*rest) for message_id, *rest in cursor.fetchall()}


def _followed(seen: Iterable[Seen]) -> dict[uuid.UUID, list[Seen]]:
    """The clicks by message."""
    clicks = defaultdict(list)
    for one in seen:
        if one.link.kind == "click":
            clicks[one.link.message_id].append(one)
    return clicks


def _news(seen: Seen, message: _Message, followed: dict[uuid.UUID, list[Seen]]) -> News:
    details: dict[str, Any] = {}
    if seen.link.kind == "click":
        details["click_url"] = seen.link.target.decode("utf-8", "replace")
    if address := kept_ip(seen.client_ip, message.recipient_ips):
        details["web_ip_address"] = address
    details["user_agent"] = seen.user_agent
    if machine := machine_of(_request(seen, message, followed)):
        details["machine"] = machine
    kind = Event.Type.OPEN if seen.link.kind == "open" else Event.Type.CLICK
    return News(seen.link.message_id, message.account_id, kind, seen.at, details)


def _request(seen: Seen, message: _Message, followed: dict[uuid.UUID, list[Seen]]) -> Request:
    since = (seen.at - message.delivered_at).total_seconds() if message.delivered_at else None
    others = followed.get(seen.link.message_id, ())
    return Request(
        kind=seen.link.kind,
        client_ip=seen.client_ip,
        user_agent=seen.user_agent,
        since_delivery=since,
        is_head=seen.is_head,
        several_links=seen.link.kind == "click"
        and any(one.link.target != seen.link.target and abs(one.at - seen.at) <= AT_ONCE for one in others),
    )


_MESSAGES = statement("""
SELECT m.id, m.account_id, m.domain_id, m.recipient, CASE WHEN m.status = 'delivered' THEN m.finished_at END,
    d.recipient_ips
FROM {message} m JOIN {domain} d ON d.id = m.domain_id
WHERE m.id = ANY(%(ids)b::uuid[]) AND m.id >= %(low)s AND m.id <= %(high)s""")
