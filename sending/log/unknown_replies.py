"""Refusals and deferrals that no bounce rule named, grouped by cause: what a new rule would be written for."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from sending.models import Attempt, Event
from sending.models.identifiers import id_floor, time_of
from sending.models.statements import raw_cursor, statement
from sending.protocol.reply import Reply
from sending.replies.causes import Cause, cause_of, is_plain
from sending.replies.classify import Category, Phase, classify

PERIOD = timedelta(days=7)
LOOKED_AT = 200_000
"""How many of the newest events are looked at, of any kind: no index knows which replies were named."""
MOST_ROWS = 5_000
MOST_GROUPS = 50
EXAMPLES = 3
NO_ID = uuid.UUID(int=0)
"""No row has it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Replies of one cause. `rule` is a draft of the rule that would name them."""

    cause: Cause
    count: int
    accounts: int
    is_final: bool
    last_seen: datetime
    reply: str
    messages: tuple[uuid.UUID, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The most frequent first. `since`: from when on the events were looked at."""

    groups: Sequence[Group]
    since: datetime


def unknown_replies(now: datetime, *, looked_at: int = LOOKED_AT) -> Unknown:
    """What the last days brought and today's rules would not name either."""
    low = id_floor(now - PERIOD)
    cursor = raw_cursor()
    edge = cursor.execute(_EDGE, {"low": low, "look": looked_at}).fetchone()
    cursor.execute(_UNNAMED, {"low": low, "look": looked_at, "most": MOST_ROWS})
    rows = [_row(*row) for row in cursor.fetchall()]
    by_cause: dict[tuple[Cause, bool], list[_Row]] = defaultdict(list)
    for row in rows:
        by_cause[cause_of(row.details), row.type == Event.Type.BOUNCE].append(row)
    found = [(key, of_cause) for key, of_cause in by_cause.items() if not _is_named_by_now(of_cause[0])]
    found.sort(key=lambda pair: len(pair[1]), reverse=True)
    groups = [_group(*key, of_cause) for key, of_cause in found[:MOST_GROUPS]]
    return Unknown(groups, time_of(edge[0]) if edge else now - PERIOD)


@dataclass(frozen=True, slots=True)
class _Row:
    account_id: int
    message_id: uuid.UUID
    type: str
    occurred_at: datetime
    attempt_id: uuid.UUID | None
    details: dict[str, Any]


def _row(account_id: int, message_id: uuid.UUID, kind: str, at: datetime, attempt: uuid.UUID | None, said: str) -> _Row:
    # Django's connections hand JSON over as text.
    return _Row(account_id, message_id, kind, at, attempt, msgspec.json.decode(said))


def _is_named_by_now(row: _Row) -> bool:
    """Whether a rule that came later knows the reply: then there is nothing to do about it."""
    phase = Attempt.objects.filter(pk=row.attempt_id or NO_ID).values_list("phase", flat=True).first()
    said = row.details
    reply = Reply(
        int(said["response_code"]),
        said.get("email_service_provider_status"),
        tuple(str(said.get("email_service_provider_response") or "").split("\n")),
    )
    try:
        return bool(classify(reply, Phase(phase or Phase.FINAL_DOT)).rule)
    except ValueError:
        # A positive answer, or a phase of another version.
        return False


def _group(cause: Cause, is_final: bool, rows: Sequence[_Row]) -> Group:
    newest, said = rows[0], rows[0].details
    parts = ("response_code", "email_service_provider_status", "email_service_provider_response")
    return Group(
        cause=cause,
        count=len(rows),
        accounts=len({row.account_id for row in rows}),
        is_final=is_final,
        last_seen=newest.occurred_at,
        reply=" ".join(str(said[part]) for part in parts if said.get(part)),
        messages=tuple(dict.fromkeys(row.message_id for row in rows))[:EXAMPLES],
        rule=draft_rule(cause, str(said.get("email_service_provider_response") or "")),
    )


def draft_rule(cause: Cause, text: str) -> str:
    """A rule of the longest run of words that all replies of the cause share; whoever takes it chooses the category."""
    runs = [list(words) for plain, words in groupby(text.lower().split(), is_plain) if plain]
    longest = max((" ".join(run) for run in runs), key=len, default="")[:80]
    pattern = "".join(_PATTERN.get(sign, sign) for sign in longest)
    lines = ["[[rule]]", f'name = "{_named(cause, longest)}"', f"codes = [{cause.code}]"]
    lines += [f"text = '{pattern}'"] if pattern else []
    return "\n".join([*lines, f'category = "{Category.OTHER}"'])


def _named(cause: Cause, words: str) -> str:
    name = f"{cause.site}: {words}" if cause.site else words or f"code {cause.code}"
    return "".join(sign for sign in name if sign.isprintable() and sign not in '"\\')[:100]


_PATTERN = {sign: f"\\{sign}" for sign in r"\.^$*+?()[]{}|"} | {" ": r"\s+", "'": "."}
"""How a sign stands in a regular expression between single quotes of TOML; a reply may break its line at a space."""
_EDGE = statement("SELECT id FROM {event} WHERE id >= %(low)s ORDER BY id DESC OFFSET %(look)s LIMIT 1")
_UNNAMED = statement("""
SELECT account_id, message_id, type, occurred_at, attempt_id, details::text
FROM (SELECT * FROM {event} WHERE id >= %(low)s ORDER BY id DESC LIMIT %(look)s) newest
WHERE type IN ('bounce', 'soft_bounce') AND NOT details ? 'rule' AND details ->> 'response_code' IS NOT NULL
  AND details ->> 'bounce_category' IN ('generalfail', 'transientfail')
ORDER BY id DESC LIMIT %(most)s""")
