"""Runs the scenarios of a form against an instance of their own, and prints what became of every mail."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof import exchangers, instance, kills, loads, sinks, wire
from mailtrap_site.proof.brokers import Broker, EmbeddedBroker
from mailtrap_site.proof.context import Form, Proof
from mailtrap_site.proof.tally import Outcome, Row, line_of, table

S, F, X = Form.SHORT, Form.FULL, Form.SERVICES


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to break the instance, and the forms it belongs to."""

    name: str
    run: Callable[[Proof], Outcome]
    forms: tuple[Form, ...]


SCENARIOS = (
    Scenario("queues stand before workers start", loads.started_without_complaint, (X,)),
    Scenario("smuggling in", wire.smuggling_in, (F,)),
    Scenario("smuggling out", wire.smuggling_out, (S, F)),
    Scenario("open relay", wire.open_relay, (F,)),
    Scenario("MX matrix", exchangers.mx_matrix, (F,)),
    Scenario("workers x messages", loads.workers_times_messages, (F, X)),
    Scenario("broker wiped while mail is due", loads.broker_wiped, (S, F, X)),
    Scenario("broker restarted while sending", loads.broker_restarted_while_sending, (X,)),
    Scenario("workers started without a broker", loads.workers_started_without_broker, (X,)),
    Scenario("kill -9 of all workers while sending", loads.workers_killed_while_sending, (F, X)),
    Scenario("kill -9 of all workers at every step", kills.kill_all_workers, (S, X)),
    Scenario("kill -9 of each worker at every step", kills.kill_each_worker, (F,)),
    *(
        Scenario(f"kill -9 of {name} at every step", partial(kills.kill_at_every_step, names=[name]), (F,))
        for name in ("web", "smtpd", "mx", "upkeep", "beat", "postgres")
    ),
    Scenario("stop of PostgreSQL at every step", kills.stop_postgres_at_once, (S, F)),
    Scenario("kill -9 of everything at every step", kills.kill_everything, (F, X)),
    Scenario("stops of PostgreSQL during accepts", loads.accepts_while_postgres_stops, (S, F, X)),
)


def prove(form: Form, only: str = "", settings: Mapping[str, str] | None = None, broker: Broker | None = None) -> bool:
    """Whether every scenario of the form kept every promise; `only` chooses by a part of the name. `settings` lead to
    a database and a broker that others run."""
    chosen = [one for one in SCENARIOS if form in one.forms and only in one.name]
    if not chosen:
        sys.exit(f"No scenario of the form {form} is called {only!r}.")
    if settings is None and env_names_a_database():
        sys.exit(".env names a DATABASE_URL, and a proof must not write into that database. Comment it out meanwhile.")
    width = max(len(one.name) for one in chosen)
    with _proof(form, settings or {}, broker) as proof:
        rows = []
        for scenario in chosen:
            rows.append(_run(scenario, proof))
            print(line_of(rows[-1], width), flush=True)
        failed = any(row.outcome.faults for row in rows)
        if failed:
            print("\n".join(["", "The instance said at last:", *proof.instance.output.splitlines()[-40:], ""]))
    print(table(rows))
    return not failed


def _run(scenario: Scenario, proof: Proof) -> Row:
    begun = time.monotonic()
    try:
        outcome = scenario.run(proof)
    except Exception as problem:
        outcome = Outcome(faults=(f"{type(problem).__name__}: {problem}",))
    return Row(scenario.name, outcome, time.monotonic() - begun)


@contextlib.contextmanager
def _proof(form: Form, settings: Mapping[str, str], broker: Broker | None) -> Iterator[Proof]:
    with tempfile.TemporaryDirectory(prefix="proof-") as name, sinks.running() as world:
        outbound = {"OUTBOUND_PORT": str(world.port), "DNS_RESOLVERS": world.address}
        begun = time.monotonic()
        with instance.running(Path(name), outbound | dict(settings)) as started:
            print(f"An instance of the proof's own runs after {time.monotonic() - begun:.1f} s.", flush=True)
            yield Proof(form, started, world, started.tenants(), broker or EmbeddedBroker(started))


def env_names_a_database() -> bool:
    """Whether an instance would take the operator's database instead of one of its own."""
    file = BASE_DIR / ".env"
    return file.exists() and any(line.startswith("DATABASE_URL=") for line in file.read_text().splitlines())


def names(form: Form) -> Sequence[str]:
    """What a form proves."""
    return [one.name for one in SCENARIOS if form in one.forms]
