"""Mail for a sandbox: read and judged as other mail, except for its domain and the meter; kept, and never queued.

What gathers for one sandbox while its thread is at work is written together.
"""

import os
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime

import msgspec
import structlog
from django.conf import settings
from django.db import DataError, transaction
from django.utils import timezone

from accounts.scopes import ADMIN, level_on
from mailtrap_site.database_pool import DatabasePool
from sending.capture import store
from sending.models import CapturedMail, Sandbox
from sending.models.statements import raw_cursor
from sending.policy.checks import account_is_not_banned, size_is_within_limit, token_is_valid
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Standing, read_standings
from sending.submission.draft import Accepted
from sending.submission.payload import Payload

log = structlog.get_logger(__name__)

THREADS = 2
MOST_WAITING = 1_000
MOST_WAITING_BYTES = 64 * 1024 * 1024
MOST_AT_ONCE = 100
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024

Outcome = Accepted | Refusal
Key = tuple[int, int, int | None]
"""Sandbox, account and token."""


def hand_over(sandbox_id: int, payload: Payload) -> "Future[Outcome]":
    """The outcome, once it is committed: one id for all recipients. Never blocks, except inline, for tests."""
    if settings.GROUP_COMMIT_INLINE:
        future: Future[Outcome] = Future()
        future.set_result(keep(sandbox_id, [payload])[0])
        return future
    return _writer.add((sandbox_id, payload.account_id, payload.token_id), payload)


def keep(sandbox_id: int, payloads: Sequence[Payload]) -> list[Outcome]:
    """An outcome for each payload, of one account and token, committed when this returns. Blocks.

    What the database refuses costs only its own mail.
    """
    try:
        outcomes = _write(sandbox_id, payloads, timezone.now())
    except (DataError, UnicodeEncodeError):
        if len(payloads) == 1:
            return [Refusal(Reason.UNSTORABLE_TEXT)]
        return [outcome for payload in payloads for outcome in keep(sandbox_id, [payload])]
    if ids := [str(one.message_ids[0]) for one in outcomes if isinstance(one, Accepted)]:
        log.info("captured", sandbox=sandbox_id, mails=",".join(ids))
    return outcomes


def is_of_account(sandbox_id: int, account_id: int) -> bool:
    """Whether the account has this sandbox now."""
    return Sandbox.objects.filter(pk=sandbox_id, account=account_id).exists()


def close() -> None:
    """Writes what is waiting, then ends the threads. A later mail starts new ones."""
    global _writer
    writer, _writer = _writer, _Writer()
    writer.end()


class _Writer:
    """One process's threads, started by the first mail, and what waits for them."""

    def __init__(self) -> None:
        self._threads = DatabasePool(THREADS, "sandbox")
        self._waiting: defaultdict[Key, deque[tuple[Payload, Future[Outcome]]]] = defaultdict(deque)
        self._mails = self._bytes = 0
        self._lock = threading.Lock()

    def add(self, key: Key, payload: Payload) -> "Future[Outcome]":
        future: Future[Outcome] = Future()
        with self._lock:
            if self._mails >= MOST_WAITING or self._bytes + len(payload.content) > MOST_WAITING_BYTES:
                future.set_result(Refusal(Reason.OVERLOADED))
                return future
            self._mails += 1
            self._bytes += len(payload.content)
            self._waiting[key].append((payload, future))
        # Finds nothing where an earlier one took it along.
        self._threads.submit(lambda: self._work_off(key))
        return future

    def end(self) -> None:
        self._threads.close()

    def _work_off(self, key: Key) -> None:
        if not (taken := self._take(key)):
            return
        outcomes: Sequence[Outcome] = [Refusal(Reason.TEMPORARY)] * len(taken)
        try:
            outcomes = keep(key[0], [payload for payload, _future in taken])
        except Exception as problem:
            log.error("capture_failed", sandbox=key[0], problem=type(problem).__name__)
        for (_payload, future), outcome in zip(taken, outcomes, strict=True):
            # A caller that went away has cancelled its future; its mail is kept all the same.
            if future.set_running_or_notify_cancel():
                future.set_result(outcome)

    def _take(self, key: Key) -> "list[tuple[Payload, Future[Outcome]]]":
        taken: list[tuple[Payload, Future[Outcome]]] = []
        size = 0
        with self._lock:
            waiting = self._waiting[key]
            while waiting and len(taken) < MOST_AT_ONCE and size < MOST_BYTES_AT_ONCE:
                taken.append(waiting.popleft())
                size += len(taken[-1][0].content)
            self._mails -= len(taken)
            self._bytes -= size
            if not waiting:
                del self._waiting[key]
        return taken


def _write(sandbox_id: int, payloads: Sequence[Payload], now: datetime) -> list[Outcome]:
    account_id, token_id = payloads[0].account_id, payloads[0].token_id
    with transaction.atomic():
        key = (account_id, token_id, "")
        standing = read_standings(raw_cursor(), [key]).get(key, Standing())
        refusals = [_judge(payload, standing, sandbox_id, now) for payload in payloads]
        # Writers of one sandbox follow one another, so that its bounds hold.
        found = Sandbox.objects.select_for_update(no_key=True).filter(pk=sandbox_id, account=account_id).first()
        if found is None:
            return [one or Refusal(Reason.SANDBOX_UNKNOWN) for one in refusals]
        admitted = [(one, _mail(found, one)) for one, refusal in zip(payloads, refusals, strict=True) if not refusal]
        store.keep(found.pk, [mail for _payload, mail in admitted])
    accepted = iter([Accepted(payload.submission_id, (mail.pk,)) for payload, mail in admitted])
    return [refusal or next(accepted) for refusal in refusals]


def _judge(payload: Payload, standing: Standing, sandbox_id: int, now: datetime) -> Refusal | None:
    """The policy's checks without those of the domain, which may be anybody's."""
    refusal = token_is_valid(payload, standing, now) or account_is_not_banned(payload, standing, now)
    level = level_on(standing.token_scopes or (), payload.account_id, "sandbox", sandbox_id)
    if refusal is None and level < ADMIN:
        refusal = Refusal(Reason.SANDBOX_NOT_PERMITTED)
    return refusal or size_is_within_limit(payload, standing, now)


def _mail(sandbox: Sandbox, payload: Payload) -> CapturedMail:
    return CapturedMail(
        id=payload.message_ids[0],
        sandbox=sandbox,
        mail_from=payload.mail_from,
        recipient=payload.recipients[0].address,
        recipients=[[one.kind.value, one.address] for one in payload.recipients],
        subject=payload.subject,
        from_header=payload.sender.header,
        door=payload.door,
        stream=payload.stream,
        category=payload.category,
        custom_variables=msgspec.json.decode(payload.custom_variables),
        size=payload.size,
        data=payload.content,
    )


_writer = _Writer()


def _forget_after_fork() -> None:
    """The child has no threads; a lock that the parent held would never be released."""
    global _writer
    _writer = _Writer()


os.register_at_fork(after_in_child=_forget_after_fork)
