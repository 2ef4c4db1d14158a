"""Whether queued mail may leave at this moment: the standing of its account and domain, and the pauses that cover it.

The judgement is that of acceptance (`Account.state`, `SendingDomain.may_send`), made again for what waits; what a
suspension stops was accepted all the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg

from accounts.models import Account
from domains.models import send_permission
from sending.models import Hold, Stream
from sending.models.statements import statement

Owner = tuple[int, int]
"""Account id and domain id."""

SENTENCES = {
    "account_suspended": "The account is suspended",
    "account_banned": "The account is banned",
    "account_closing": "The account is to be closed",
    "domain_suspended": "The sending domain is suspended",
    "domain_not_verified": "The DNS records of the sending domain do not stand any more",
    "domain_not_compliant": "The sending domain has to be approved first",
    "account_deleted": "The account was deleted",
    "domain_deleted": "The sending domain was deleted",
    "paused": "Sending is paused",
    "transactional_paused": "The transactional stream of this domain is paused in its settings",
    "bulk_paused": "The bulk stream of this domain is paused in its settings",
    "by_hand": "The mail was stopped by hand",
    "suppressed": "Recipient in suppression list. Reason",
}
"""What the log says about a reason."""
FINAL = frozenset({"account_deleted", "account_banned", "domain_deleted", "suppressed"})
"""What these stop never leaves: a name that is added again is another domain, with other keys; and who comes off the
suppression list gets the next mail."""


PAUSED_IN_SETTINGS = {Stream.TRANSACTIONAL: -1, Stream.BULK: -2}
"""Streams that the customer suspends in the domain are pauses with these ids: they hold mail, and set it free, as those
of staff do, whose ids begin at 1."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why mail may not leave: a key of SENTENCES, and for pauses which one and what was said about it."""

    code: str
    pause_id: int = 0
    said: str = ""

    @property
    def is_final(self) -> bool:
        return self.code in FINAL

    @property
    def hold(self) -> Hold:
        return Hold.PAUSED if self.pause_id else Hold.STANDING

    @property
    def details(self) -> dict[str, Any]:
        """Of the event; `reject_reason` is the contract's name."""
        sentence = SENTENCES[self.code]
        return {"code": self.code, "reject_reason": f"{sentence}: {self.said}" if self.said else sentence}


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that covers an owner, at least for this stream and destination (None: for each)."""

    id: int
    stream: str | None
    destination: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Permission:
    """How an owner stands: what stops all its mail, or the pauses that may stop some of it."""

    stop: Stop | None
    pauses: tuple[Pause, ...]

    @property
    def is_free(self) -> bool:
        return self.stop is None and not self.pauses

    def stop_of(self, stream: str, destination: str) -> Stop | None:
        """What stops one message; None when it may leave."""
        if self.stop is not None:
            return self.stop
        for pause in self.pauses:
            if pause.stream in (None, stream) and pause.destination in (None, destination):
                code = "paused" if pause.id > 0 else f"{pause.stream}_paused"
                return Stop(code, pause.id, pause.reason)
        return None


def read_permissions(cursor: "psycopg.Cursor[Any]", owners: Collection[Owner]) -> dict[Owner, Permission]:
    """How each owner stands, in one statement."""
    accounts, domains = [owner[0] for owner in owners], [owner[1] for owner in owners]
    cursor.execute(_READ, {"accounts": accounts, "domains": domains}, prepare=True)
    stops: dict[Owner, Stop | None] = {}
    pauses: dict[Owner, list[Pause]] = {}
    for account_id, domain_id, state, is_closing, is_known, suspended, *row in cursor.fetchall():
        standing, pause = row[:3], row[3:]
        owner = account_id, domain_id
        stops[owner] = _stop(state, is_closing, is_known, *standing)
        if owner not in pauses:
            pauses[owner] = [_in_settings(stream) for stream in suspended or ()]
        if pause[0] is not None:
            pauses[owner].append(Pause(*pause))
    return {owner: Permission(stop, tuple(pauses[owner])) for owner, stop in stops.items()}


def _stop(
    state: str | None, is_closing: bool, is_known: bool, compliance: str, verified_at: Any, deleted_at: Any
) -> Stop | None:
    if state is None:
        return Stop("account_deleted")
    if not is_known:
        return Stop("domain_deleted")
    permission = send_permission(compliance, verified_at, deleted_at)
    if permission.code in FINAL:
        return Stop(permission.code)
    if state == Account.State.BANNED:
        return Stop("account_banned")
    if state != Account.State.ACTIVE:
        return Stop("account_suspended")
    if is_closing:
        return Stop("account_closing")
    # The last emails of a demo domain were accepted before it had none left.
    return None if permission.allowed or permission.code == "demo_exhausted" else Stop(permission.code)


def _in_settings(stream: str) -> Pause:
    return Pause(PAUSED_IN_SETTINGS[Stream(stream)], stream, None, "")


_READ = statement("""
SELECT w.account_id, w.domain_id, a.state, a.closes_at IS NOT NULL, d.id IS NOT NULL, d.suspended_streams,
    d.compliance_status, d.dns_verified_at, d.deleted_at, p.id, p.stream, p.destination, p.reason
FROM unnest(%(accounts)s::bigint[], %(domains)s::bigint[]) w(account_id, domain_id)
LEFT JOIN {accounts} a ON a.id = w.account_id
LEFT JOIN {domain} d ON d.id = w.domain_id
LEFT JOIN {pause} p
    ON (p.account_id IS NULL OR p.account_id = w.account_id) AND (p.domain_id IS NULL OR p.domain_id = w.domain_id)
ORDER BY p.id""")
