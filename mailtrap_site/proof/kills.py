"""kill -9 of each process while messages stand at each step of their way.

The product knows nothing of it: an exchanger holds back the answer that keeps a message at its step, and a lock on its
queue entry keeps a result from being committed.
"""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import psycopg

from mailtrap_site.proof.context import Proof
from mailtrap_site.proof.doors import Mail
from mailtrap_site.proof.sinks import Hold
from mailtrap_site.proof.tally import Outcome, merged
from mailtrap_site.proof.waiting import wait_for
from mailtrap_site.testing.fake_mx import SILENT, Answer, FakeMx

LARGE = "x" * 76 + "\r\n"
LARGE_LINES = 110_000
"""8 MB: more than the buffers of a connection hold, so that a worker whose exchanger does not read stays in DATA."""


class Step(StrEnum):
    """Where a message stands."""

    AFTER_CLAIM = "after-claim"
    AFTER_MAIL = "after-mail"
    IN_DATA = "in-data"
    AFTER_DOT = "after-dot"
    REPLY_UNREAD = "reply-unread"
    BEFORE_COMMIT = "before-commit"
    BEFORE_CLAIM = "before-claim"


HELD_AT = {
    Step.AFTER_CLAIM: ("CONNECT", "220 mx.proof.test ESMTP"),
    Step.AFTER_MAIL: ("MAIL", "250 2.1.0 OK"),
    Step.IN_DATA: ("BODY", SILENT),
    Step.AFTER_DOT: ("DOT", "250 2.0.0 Queued"),
    Step.REPLY_UNREAD: ("DOT", "250 2.0.0 Queued"),
    Step.BEFORE_COMMIT: ("DOT", "250 2.0.0 Queued"),
}
"""The exchanger's step at which it waits, and what it says afterwards."""
IS_MARKED = {Step.AFTER_CLAIM: False, Step.AFTER_MAIL: False, Step.IN_DATA: False, Step.AFTER_DOT: True}
"""Whether the queue entry must say by then that the message may have been delivered."""
AFTER_THE_DOT = (Step.AFTER_DOT, Step.REPLY_UNREAD, Step.BEFORE_COMMIT)


@dataclass(frozen=True, slots=True)
class Staged:
    """A message that stands at a step."""

    step: Step
    mail: Mail
    server: FakeMx
    hold: Hold


def kill_at_every_step(proof: Proof, names: Sequence[str], number: signal.Signals = signal.SIGKILL) -> Outcome:
    """One round: a message at each step, then the signal to all of `names`."""
    workers = proof.instance.workers()
    killed_workers = [name for name in names if name in workers]
    # Only a worker that is to be killed may hold the messages.
    others = [name for name in workers if killed_workers and name not in killed_workers]
    with _paused(proof, others):
        staged = [_stage(proof, step) for step in HELD_AT if step is not Step.BEFORE_COMMIT]
        last = _stage(proof, Step.BEFORE_COMMIT)
        with _commit_held(proof, last), _paused(proof, [name for name in workers if name not in others]):
            staged += [last, _stage_before_claim(proof)]
            _say_unread(staged)
            killed = proof.instance.signal(names, number)
    for one in staged:
        one.hold.let_go()
    may_double = [one.mail.id for one in staged if one.step in AFTER_THE_DOT and killed_workers]
    outcome = proof.outcome([one.mail for one in staged], [one.server for one in staged], may_double=may_double)
    proof.instance.wait_until_all_run(names, without=killed)
    return outcome


def _stage(proof: Proof, step: Step) -> Staged:
    at, answer = HELD_AT[step]
    hold = Hold(answer)
    domain = proof.domain(step)
    answers: dict[str, Answer] = {at: hold}
    server = proof.sinks.open(domain, answers)
    is_large = step is Step.IN_DATA
    mail = Mail(proof.name(step), domain, LARGE * LARGE_LINES if is_large else "It works.")
    proof.accept(mail, proof.smtp if is_large else None)
    wait_for(hold.reached.is_set, f"a message {step}", 30)
    if step in IS_MARKED:
        leased, marked = _lease(proof, mail)
        assert leased and marked is IS_MARKED[step], f"{step}: leased {leased}, marked uncertain {marked}"
    return Staged(step, mail, server, hold)


def _stage_before_claim(proof: Proof) -> Staged:
    domain = proof.domain(Step.BEFORE_CLAIM)
    server = proof.sinks.open(domain)
    mail = proof.accept(Mail(proof.name(Step.BEFORE_CLAIM), domain))
    return Staged(Step.BEFORE_CLAIM, mail, server, Hold(""))


def _say_unread(staged: Sequence[Staged]) -> None:
    """The reply reaches a worker that stands still: it ends without having read it, or reads it afterwards."""
    for one in staged:
        if one.step is Step.REPLY_UNREAD:
            one.hold.let_go()
            wait_for(partial(_has_answered, one.server), "an exchanger answering")


def _has_answered(server: FakeMx) -> bool:
    return bool(server.mails)


def _lease(proof: Proof, mail: Mail) -> tuple[bool, bool]:
    ((leased, marked),) = proof.instance.query(_LEASE, mail.recipient)
    return leased, marked


_OF_RECIPIENT = "FROM sending_queueentry WHERE message_id = (SELECT id FROM sending_message WHERE recipient = %s)"
_LEASE = f"SELECT lease_until > now(), uncertain_since IS NOT NULL {_OF_RECIPIENT}"
_LOCK = f"SELECT 1 {_OF_RECIPIENT} FOR UPDATE"


@contextlib.contextmanager
def _paused(proof: Proof, names: Sequence[str]) -> Iterator[None]:
    """Stopped in their tracks; those that were killed meanwhile stay so."""
    proof.instance.signal(names, signal.SIGSTOP)
    try:
        yield
    finally:
        proof.instance.signal(names, signal.SIGCONT)


@contextlib.contextmanager
def _commit_held(proof: Proof, staged: Staged) -> Iterator[None]:
    """The exchanger has said 250, and the worker waits for our lock on the queue entry to record it."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(proof.instance.database_url) as connection:
        connection.execute(_LOCK.encode(), [staged.mail.recipient])
        staged.hold.let_go()
        own = connection.info.backend_pid
        wait_for(partial(_is_waited_for, proof, own), "a result waiting for its commit", 20)
        yield


def _is_waited_for(proof: Proof, backend: int) -> bool:
    return bool(proof.instance.query("SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", backend))


def kill_each_worker(proof: Proof) -> Outcome:
    """One round a worker; the others stand still meanwhile."""
    return merged([kill_at_every_step(proof, [name]) for name in proof.instance.workers()])


def kill_all_workers(proof: Proof) -> Outcome:
    return kill_at_every_step(proof, proof.instance.workers())


def kill_everything(proof: Proof) -> Outcome:
    """All programs of the instance at once."""
    return kill_at_every_step(proof, sorted(proof.instance.programs()))


def stop_postgres_at_once(proof: Proof) -> Outcome:
    """PostgreSQL's immediate stop."""
    return kill_at_every_step(proof, ["postgres"], signal.SIGQUIT)
