"""Many mails at once, while PostgreSQL or the broker go away beneath them."""

import signal
import time
from collections.abc import Callable
from functools import partial

import psycopg

from mailtrap_site.proof.brokers import PrivateServer
from mailtrap_site.proof.context import Form, Proof
from mailtrap_site.proof.doors import Crowd, mails_to
from mailtrap_site.proof.tally import Outcome
from mailtrap_site.proof.waiting import wait_for

CLIENTS = 8
DESTINATIONS = 10
ACCEPT_SECONDS = 90.0


COMPLAINTS = ("NOT_FOUND", "PRECONDITION_FAILED", "CRITICAL", "InconsistencyError")
"""What Celery says where a queue or an exchange is missing."""


def started_without_complaint(proof: Proof) -> Outcome:
    """The queues stood at the broker before the first worker looked for them."""
    lines = [line for line in proof.instance.output.splitlines() if any(word in line for word in COMPLAINTS)]
    return Outcome(faults=tuple(lines[:3]))


def accepts_while_postgres_stops(proof: Proof) -> Outcome:
    """Over both doors; first an immediate stop, then kill -9. Where others run PostgreSQL, it cuts all connections."""
    wanted = proof.size(150, 1_000, 500)

    def stop(crowd: Crowd) -> None:
        for share, number in ((0.3, signal.SIGQUIT), (0.6, signal.SIGKILL)):
            wait_for(partial(_has, crowd, share), "clients sending", ACCEPT_SECONDS)
            cut_off(proof, number)

    return _load(proof, "accepts", wanted, stop, is_cut_off=True)


def workers_times_messages(proof: Proof) -> Outcome:
    """All workers at work and nothing broken: what is received is what was sent, no id twice."""
    return _load(proof, "count", proof.size(100, 2_000, 1_000))


def workers_killed_while_sending(proof: Proof) -> Outcome:
    """kill -9 of all workers, again and again, while mail comes in."""

    def kill(crowd: Crowd) -> None:
        for share in (0.2, 0.5, 0.8):
            wait_for(partial(_has, crowd, share), "clients sending", ACCEPT_SECONDS)
            workers = proof.instance.workers()
            killed = proof.instance.signal(workers, signal.SIGKILL)
            proof.instance.wait_until_all_run(workers, without=killed)

    return _load(proof, "killed", proof.size(100, 600, 300), kill, is_cut_off=True)


def broker_restarted_while_sending(proof: Proof) -> Outcome:
    """kill -9 of the broker and its start, twice, while mail comes in."""

    def restart(crowd: Crowd) -> None:
        for share in (0.3, 0.6):
            wait_for(partial(_has, crowd, share), "clients sending", ACCEPT_SECONDS)
            proof.broker.restart()

    # The embedded broker goes together with the database, which may cut a conversation off.
    return _load(proof, "broker", proof.size(50, 300, 300), restart, is_cut_off=proof.form is not Form.SERVICES)


def workers_started_without_broker(proof: Proof) -> Outcome:
    """The broker is gone when fresh workers start: they find by themselves what was accepted."""
    broker = proof.broker
    assert isinstance(broker, PrivateServer)
    domain = proof.domain("alone")
    server = proof.sinks.open(domain)
    workers = proof.instance.workers()
    broker.stop()
    try:
        killed = proof.instance.signal(workers, signal.SIGKILL)
        crowd = proof.crowd(mails_to(proof.name("alone"), [domain]), 20, 30)
        crowd.send(2, _undisturbed)
        proof.instance.wait_until_all_run(workers, without=killed)
        accepted = crowd.accepted
        return proof.outcome(accepted, [server], may_double=[mail.id for mail in accepted])
    finally:
        broker.start()


def broker_wiped(proof: Proof) -> Outcome:
    """Every message of the broker is lost while mail is due and nobody works; the rows are the queue."""
    domain = proof.domain("wiped")
    server = proof.sinks.open(domain)
    sleepers = [*proof.instance.workers(), "upkeep", "beat"]
    proof.instance.signal(sleepers, signal.SIGSTOP)
    try:
        crowd = proof.crowd(mails_to(proof.name("wiped"), [domain]), 20, 30)
        crowd.send(2, _undisturbed)
        # Also the last nudges are to be at the broker by then.
        time.sleep(1.0)
        proof.broker.wipe()
    finally:
        proof.instance.signal(sleepers, signal.SIGCONT)
    return proof.outcome(crowd.accepted, [server])


def cut_off(proof: Proof, number: signal.Signals) -> None:
    """The database goes away and comes back."""
    if "postgres" in proof.instance.programs():
        killed = proof.instance.signal(["postgres"], number)
        proof.instance.wait_until_all_run(["postgres"], without=killed)
        return
    with psycopg.connect(proof.instance.database_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _undisturbed(crowd: Crowd) -> None:
    """Nothing breaks."""


def _load(
    proof: Proof,
    what: str,
    wanted: int,
    meanwhile: Callable[[Crowd], None] = _undisturbed,
    *,
    is_cut_off: bool = False,
) -> Outcome:
    """`is_cut_off`: conversations may be cut off after their final dot, and mail then doubled with a record of it."""
    domains = [proof.domain(what) for _ in range(DESTINATIONS)]
    servers = [proof.sinks.open(domain) for domain in domains]
    crowd = proof.crowd(mails_to(proof.name(what), domains), wanted, ACCEPT_SECONDS)
    crowd.send(CLIENTS, meanwhile)
    accepted = crowd.accepted
    may_double = [mail.id for mail in accepted] if is_cut_off else []
    outcome = proof.outcome(accepted, servers, may_double=may_double, note=crowd.reasons_in_words)
    if len(accepted) < wanted:
        fault = f"only {len(accepted)} of {wanted} mails accepted in {ACCEPT_SECONDS:g} s"
        return Outcome(outcome.tally, (*outcome.faults, fault), outcome.note)
    return outcome


def _has(crowd: Crowd, share: float) -> bool:
    return len(crowd.accepted) >= crowd.wanted * share
