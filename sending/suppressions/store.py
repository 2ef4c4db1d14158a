"""What people and their programs do to the list: the one writer of it beside `consequences`. Each act is audited."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account
from mailtrap_site.bulk_values import Column
from sending.models import Suppression
from sending.models.identifiers import new_id
from sending.models.statements import raw_cursor, statement

NAMED = 100
"""Addresses that an entry of the audit log names."""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: the request, and where nobody is signed in the name of the token."""

    request: HttpRequest | None
    name: str = audit.SYSTEM

    @property
    def user_id(self) -> int | None:
        return getattr(getattr(self.request, "user", None), "pk", None)


@dataclass(frozen=True, slots=True)
class New:
    """An entry to be made. `email` is as `same_address` writes it; without a domain it covers all of the account's."""

    email: str
    domain_id: int | None
    stream: str
    type: str = Suppression.Type.MANUAL_IMPORT
    created_at: datetime | None = None
    evidence: dict[str, str] = field(default_factory=dict)


def insert(account_id: int, entries: Sequence[New], created_by_id: int | None, now: datetime) -> int:
    """Makes the entries that do not stand yet, in the caller's transaction; returns how many. Unaudited: an import is
    one act, whose batches these are."""
    if not entries:
        return 0
    parameters = {
        # In one order, so that two who add the same addresses at once wait for each other and never in a circle.
        "account": account_id,
        "by": created_by_id,
        **_columns(sorted(entries, key=lambda one: (one.email, one.domain_id or 0, one.stream, one.type)), now),
    }
    cursor = raw_cursor()
    cursor.execute(_INSERT, parameters, prepare=True)
    return cursor.rowcount


@transaction.atomic
def add(account: Account, entries: Sequence[New], by: By) -> int:
    """Adds what a person or a program names; returns how many were not on the list yet."""
    added = insert(account.pk, entries, by.user_id, timezone.now())
    addresses = sorted({one.email for one in entries})
    changes = {
        "addresses": {"from": None, "to": addresses[:NAMED]},
        "added": {"from": 0, "to": added},
        "stream": {"from": None, "to": entries[0].stream if entries else ""},
        "domain": {"from": None, "to": entries[0].domain_id if entries else None},
    }
    if added:
        audit.record("suppression.added", account=account, changes=changes, request=by.request, actor_name=by.name)
    return added


def reactivate(account: Account, ids: Collection[uuid.UUID], by: By) -> list[Suppression]:
    """Takes these entries off the list; returns those that still stood."""
    return _remove(account, Suppression.objects.filter(account=account, pk__in=ids), "suppression.reactivated", by)


def undo(account: Account, entries: QuerySet[Suppression], by: By, **told: Any) -> int:
    """Takes all entries of an incident off the list, since it was no fault of the recipients; returns how many."""
    own = entries.filter(account=account)
    return len(_remove(account, own, "suppression.incident_undone", by, **told))


@transaction.atomic
def _remove(account: Account, entries: QuerySet[Suppression], action: str, by: By, **told: Any) -> "list[Suppression]":
    """Locked first: of two who take off the same entry one finds it gone."""
    found = list(entries.select_for_update(skip_locked=True).order_by("pk").defer("evidence"))
    if found:
        Suppression.objects.filter(pk__in=[one.pk for one in found]).delete()
        changes = {
            "addresses": {"from": [one.email for one in found[:NAMED]], "to": None},
            "entries": {"from": len(found), "to": 0},
            **{name: {"from": value, "to": None} for name, value in told.items()},
        }
        target = found[0] if len(found) == 1 else None
        audit.record(action, account=account, target=target, changes=changes, request=by.request, actor_name=by.name)
    return found


def _columns(entries: Sequence[New], now: datetime) -> dict[str, Column]:
    return {
        "ids": Column("uuid", [new_id() for _ in entries]),
        "domains": Column("bigint", [one.domain_id for one in entries]),
        "streams": Column("text", [str(one.stream) for one in entries]),
        "emails": Column("text", [one.email for one in entries]),
        "types": Column("text", [str(one.type) for one in entries]),
        "moments": Column("timestamptz", [one.created_at or now for one in entries]),
        "evidence": Column("jsonb", [msgspec.json.encode(one.evidence).decode() for one in entries]),
    }


_INSERT = statement("""
INSERT INTO {suppression}
    (id, account_id, created_by_id, rule, incident, domain_id, stream, email, type, created_at, evidence)
SELECT w.id, %(account)s, %(by)s, '', '', w.domain_id, w.stream, w.email, w.type, w.created_at, w.evidence
FROM unnest(%(ids)b::uuid[], %(domains)b::bigint[], %(streams)b::text[], %(emails)b::text[], %(types)b::text[],
    %(moments)b::timestamptz[], %(evidence)b::jsonb[]) w(id, domain_id, stream, email, type, created_at, evidence)
ON CONFLICT DO NOTHING""")
