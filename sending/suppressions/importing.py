"""Puts a file of addresses on the list, in batches that are each a transaction: a worker that dies, or a second one,
goes on where the last batch ended."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import structlog
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Account
from domains.models import SendingDomain
from mailtrap_site import wake
from sending.models import SuppressionImport
from sending.models.content import pack, unpack
from sending.suppressions import store
from sending.suppressions.import_lines import (
    MOST_ENTRIES,
    MOST_OCTETS,
    BadLine,
    File,
    FileRefused,
    Line,
    Wrong,
    decode,
    printable,
)

log = structlog.get_logger(__name__)

TASK = "sending.import_suppressions"
AT_ONCE = 1_000
"""Entries of one transaction."""
BAD_KEPT = 1_000
MOST_OPEN = 3
"""Files of one account that wait or are worked on."""
TURN_SECONDS = 5.0
"""After which another file has its turn."""
KEPT = timedelta(days=90)
"""How long the report of a file stays."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form chose for lines that say nothing themselves."""

    domain_id: int | None
    stream: str
    type: str


def begin(account: Account, name: str, octets: bytes, chosen: Chosen, by: store.By) -> SuppressionImport:
    """Takes the file in; a worker does the rest. Raises FileRefused: too_large, empty, no_addresses, too_many_lines,
    too_many_open."""
    if len(octets) > MOST_OCTETS:
        raise FileRefused("too_large")
    entries = File(decode(octets)).count()
    if not entries:
        raise FileRefused("empty")
    if entries > MOST_ENTRIES:
        raise FileRefused("too_many_lines")
    packed = pack(octets)
    with transaction.atomic():
        # Locked, so that two who upload at once are counted one after the other.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if SuppressionImport.objects.filter(account=account, finished_at=None).count() >= MOST_OPEN:
            raise FileRefused("too_many_open")
        made = SuppressionImport.objects.create(
            account=account,
            created_by_id=by.user_id,
            file_name=name[:255],
            domain_id=chosen.domain_id,
            stream=chosen.stream,
            type=chosen.type,
            content=packed,
            entries=entries,
        )
        audit.record(
            "suppression_import.created",
            account=account,
            target=made,
            changes={"entries": {"from": None, "to": entries}},
            request=by.request,
            actor_name=by.name,
        )
        wake.nudge(TASK, queue="upkeep")
    return made


def work_off(until: float) -> bool:
    """Works on open imports until the monotonic time `until`; whether some are left. Several files take turns."""
    SuppressionImport.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()
    passed_over: set[int] = set()
    while time.monotonic() < until:
        unfinished = SuppressionImport.objects.filter(finished_at=None).exclude(pk__in=passed_over)
        one = unfinished.order_by("touched_at").first()
        if one is None:
            return False
        if not _take_turn(one, min(until, time.monotonic() + TURN_SECONDS)):
            passed_over.add(one.pk)
    return SuppressionImport.objects.filter(finished_at=None).exclude(pk__in=passed_over).exists()


def _take_turn(one: SuppressionImport, until: float) -> bool:
    """Some batches of one file; False where somebody else works on it."""
    if one.content is None:
        return False
    # What breaks its turn has the next one last: no file keeps the others waiting.
    SuppressionImport.objects.filter(pk=one.pk).update(touched_at=timezone.now())
    domains = dict(
        SendingDomain.objects.filter(account=one.account_id, deleted_at=None).values_list("name", "pk").iterator()
    )
    lines = File(decode(unpack(bytes(one.content)))).lines(one.position, timezone.now())
    position = one.position
    while time.monotonic() < until:
        batch = list(islice(lines, AT_ONCE))
        reached = _apply(one.pk, position, batch, domains)
        if reached is None:
            return False
        position = reached
        if len(batch) < AT_ONCE:
            return True
    return True


@transaction.atomic
def _apply(import_id: int, position: int, batch: list[Line | BadLine], domains: Mapping[str, int]) -> int | None:
    """One batch; the new position. None where the row is locked, or has moved on meanwhile."""
    waiting = SuppressionImport.objects.select_for_update(skip_locked=True).defer("content")
    row = waiting.filter(pk=import_id, position=position, finished_at=None).first()
    if row is None:
        return None
    now = timezone.now()
    read = [_placed(one, row, domains) for one in batch]
    new = [one for one in read if isinstance(one, store.New)]
    bad = [one for one in read if isinstance(one, BadLine)]
    added = store.insert(row.account_id, new, row.created_by_id, now)
    row.position += len(batch)
    row.added += added
    row.known += len(new) - added
    row.bad += len(bad)
    row.bad_lines += list(_kept(bad, BAD_KEPT - len(row.bad_lines)))
    row.touched_at = now
    changed = ["position", "added", "known", "bad", "bad_lines", "touched_at"]
    if len(batch) < AT_ONCE:
        row.finished_at, row.content = now, None
        changed += ["finished_at", "content"]
        log.info("suppressions_imported", account=row.account_id, file=row.pk, added=row.added, bad=row.bad)
    row.save(update_fields=changed)
    return row.position


def _placed(one: Line | BadLine, row: SuppressionImport, domains: Mapping[str, int]) -> store.New | BadLine:
    """The entry of a line: what it says itself, else what the form chose."""
    if isinstance(one, BadLine):
        return one
    domain_id = domains.get(one.domain) if one.domain else row.domain_id
    if one.domain and domain_id is None:
        return BadLine(one.number, printable(one.domain), Wrong.DOMAIN)
    return store.New(one.email, domain_id, one.stream or row.stream, one.type or row.type, one.created_at, one.evidence)


def _kept(bad: list[BadLine], room: int) -> Iterator[list[object]]:
    for one in bad[: max(room, 0)]:
        yield [one.number, one.text, one.code, one.detail]
