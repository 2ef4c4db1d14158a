"""Erases a recipient from one account (GDPR, article 17), in steps that are each a transaction: a worker that dies, or
a second one, goes on where the last step ended. What was done is the certificate, and the audit log has it."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Account
from mailtrap_site import wake
from sending.models import Erasure, Suppression
from sending.privacy import erased_emails, erased_traces
from sending.privacy.steps import Step
from sending.suppressions import same_address, store
from sending.suppressions.marks import mark_of

log = structlog.get_logger(__name__)

TASK = "sending.erase_recipients"
MOST_OPEN = 20
"""Of one account, unfinished at once."""
LOOKS_AGAIN = timedelta(minutes=5)
"""After which mail that somebody else still waits for is looked at again."""
Stage = Erasure.Stage


class TooMany(Exception):
    """The account has asked for as many erasures as may be unfinished at once."""


def ask(account: Account, address: str, by: store.By, *, keep_out: bool) -> Erasure:
    """Begins it, or returns the one that is under way for this address. With `keep_out` the address gets no more mail
    either, by an entry that does not tell it. Raises TooMany."""
    email = same_address(address)
    mark = mark_of(account.pk, email)
    with transaction.atomic():
        # The account's row makes two who ask at once take turns.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        unfinished = Erasure.objects.filter(account=account, finished_at=None)
        if known := unfinished.filter(mark=mark).first():
            return known
        if unfinished.count() >= MOST_OPEN:
            raise TooMany
        if keep_out:
            entry = store.New(mark, None, Suppression.Scope.ANY)
            store.insert(account.pk, [entry], by.user_id, timezone.now())
        made = Erasure.objects.create(account=account, created_by_id=by.user_id, address=email, mark=mark)
        told = {"digest": {"from": None, "to": mark}, "kept_out": {"from": None, "to": keep_out}}
        audit.record(
            "erasure.asked", account=account, target=made, changes=told, request=by.request, actor_name=by.name
        )
        wake.nudge(TASK, queue="upkeep")
    return made


def earlier(account: Account, address: str) -> Erasure | None:
    """The newest erasure of this address in the account."""
    mark = mark_of(account.pk, same_address(address))
    return Erasure.objects.filter(account=account, mark=mark).order_by("-pk").first()


def work_off(until: float) -> bool:
    """Takes steps until the monotonic time `until`; whether some could be taken at once."""
    passed_over: set[int] = set()
    while time.monotonic() < until:
        now = timezone.now()
        open_ones = Erasure.objects.filter(finished_at=None, address__isnull=False, due_at__lte=now)
        pk = open_ones.exclude(pk__in=passed_over).order_by("due_at", "pk").values_list("pk", flat=True).first()
        if pk is None:
            return False
        # What breaks its step has the next one last: none keeps the others waiting.
        Erasure.objects.filter(pk=pk, finished_at=None).update(due_at=now)
        if not _step(pk, now):
            passed_over.add(pk)
    return True


STEPS: Mapping[str, Callable[[Erasure, str, datetime], Step]] = {
    Stage.EMAILS: erased_emails.step,
    Stage.LISTS: erased_traces.lists,
    Stage.CAPTURED: erased_traces.captured,
    Stage.WEBHOOKS: erased_traces.webhooks,
    Stage.FILES: erased_traces.files,
    Stage.TRACES: erased_traces.traces,
}
_ORDER = list(Stage)


@transaction.atomic
def _step(pk: int, now: datetime) -> bool:
    """One step; False where somebody else takes it."""
    row = Erasure.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, finished_at=None).first()
    if row is None or row.address is None:
        return False
    done = STEPS[row.stage](row, row.address, now)
    for name, number in done.counts.items():
        row.counts[name] = row.counts.get(name, 0) + number
    row.waiting = done.waiting + (row.waiting if row.position else 0)
    row.position, row.due_at = done.position, now
    if done.position == "" and not row.waiting:
        row.stage = _ORDER[_ORDER.index(Stage(row.stage)) + 1]
    elif done.position == "":
        # Its end, and some are left: from the beginning, later.
        row.due_at = now + LOOKS_AGAIN
    if row.stage == Stage.DONE:
        _certify(row, now)
    row.save(update_fields=["counts", "position", "waiting", "stage", "due_at", "address", "finished_at"])
    return True


def _certify(row: Erasure, now: datetime) -> None:
    row.address, row.finished_at = None, now
    counts = {name: {"from": number, "to": 0} for name, number in sorted(row.counts.items())}
    audit.record(
        "recipient.erased",
        account=row.account,
        actor=row.created_by,
        target=row,
        changes={"digest": {"from": None, "to": row.mark}, **counts},
    )
    log.info("recipient_erased", erasure=row.pk, account=row.account_id)
