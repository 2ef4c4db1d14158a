"""What `make run` does: one instance of the whole service on this machine, from nothing to a mail that can be sent."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

from mailtrap_site import environment
from mailtrap_site.broker import has_exchanges
from mailtrap_site.embedded import certificates, instance, lock, make, ports, programs, welcome
from mailtrap_site.embedded.console import Console
from mailtrap_site.embedded.instance import Instance
from mailtrap_site.embedded.postgres import PostgresUnavailable
from mailtrap_site.embedded.supervisor import Program, StopRequested, Supervisor

PATIENCE = 90
"""Seconds that the programs have to be ready before we say which is not."""


class CannotStart(Exception):
    """Something is in the way; the text is a sentence with the cure."""


def main() -> int:
    """Runs until Ctrl-C. The exit code: 0 after an orderly end, 1 with a sentence when it cannot start."""
    folder = instance.var_dir()
    try:
        with lock.held(folder / "up.lock"):
            return _run(folder)
    except (CannotStart, PostgresUnavailable, lock.AlreadyRunning, ValueError) as problem:
        sentence = str(problem)
    except PermissionError as problem:
        sentence = f"{problem.filename} belongs to another account. Run as that one, or set VAR_DIR to another folder."
    print(sentence, file=sys.stderr)
    return 1


def clean_data() -> int:
    """Removes the data folder; refuses while an instance runs on it."""
    folder = environment.var_dir()
    if not folder.exists():
        print(f"There is no {folder}.")
        return 0
    try:
        with lock.held(folder / "up.lock"):
            for entry in folder.iterdir():
                if entry.name != "up.lock":
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        folder.rmdir()
    except lock.AlreadyRunning as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Removed {folder}.")
    return 0


def _run(folder: Path) -> int:
    begun = time.monotonic()
    (folder / "demo.env").unlink(missing_ok=True)
    ours = instance.load(folder)
    settings = environment.read()
    console = Console(folder / "log" / "up.log")
    # A predecessor that was killed may still be letting go of its ports.
    if problem := ports.obstacle(programs.wanted_ports(settings, ours.cluster), seconds=2):
        raise CannotStart(problem)
    supervisor = Supervisor(console, stop_seconds=_stop_seconds(settings.debug))
    supervisor.listen_to_signals(also_stop_when=make.follow())
    console.say("Starting. Ctrl-C stops everything.")
    try:
        _start(supervisor, ours, settings, begun)
        supervisor.watch()
    except StopRequested:
        console.say("Stopping.")
    finally:
        supervisor.stop()
        ours.demo_file.unlink(missing_ok=True)
    console.say("Stopped.")
    return 0


def _start(supervisor: Supervisor, ours: Instance, settings: environment.Environment, begun: float) -> None:
    console = supervisor.console
    made = False
    if ours.cluster:
        if not (ours.cluster.data / "PG_VERSION").exists():
            console.say(f"Making a PostgreSQL data folder in {ours.cluster.folder} …")
        made = ours.cluster.create()
        supervisor.add(programs.postgres(ours.cluster))
        if supervisor.wait_until_ready(["postgres"], 60):
            raise PostgresUnavailable(f"The embedded PostgreSQL does not answer; see {settings.var_dir}/log/up.log.")
        console.say(f"PostgreSQL is ready on 127.0.0.1:{ours.cluster.port}.")
    _prepare(supervisor, ours, settings, fresh=made)
    if has_exchanges(ours.broker_url):
        _must(supervisor, programs.once("queues", "declare_queues", "--verbosity", "0"))
    web = programs.web(settings)
    supervisor.add(web)
    # The first page comes first: the other programs would take its share of the processor.
    if not supervisor.wait_until_ready(["web"], 20):
        console.say(f"The web server answers at {settings.site_url} after {time.monotonic() - begun:.1f} s.")
    rest = programs.others(settings)
    for program in rest:
        supervisor.add(program)
    names = ["web", *(program.name for program in rest)]
    late = supervisor.wait_until_ready(names, PATIENCE)
    if late:
        console.say(
            f"Not ready after {PATIENCE} s: {', '.join(late)}. Their lines above, or in var/log/up.log, say why."
        )
        late = supervisor.wait_until_ready(late, float("inf"))
    if settings.route == "development" and supervisor.run(programs.once("seed_demo", "seed_demo")) != 0:
        console.say("The demo account could not be made; the lines above say why.")
    if programs.has_stand_in(settings):
        supervisor.run(programs.once("stripe_prices", "stripe_prices", "--verbosity", "0"))
    welcome.show(console, ours.demo_file, settings, seconds=time.monotonic() - begun)


def _prepare(supervisor: Supervisor, ours: Instance, settings: environment.Environment, *, fresh: bool) -> None:
    """Certificates, databases, tables: what is done once, and again after an update of the program."""
    if settings.tls_certificate.parent == settings.var_dir / "tls":
        certificates.ensure(settings.tls_certificate.parent, certificates.names_for(settings.platform_domain))
    stamp = settings.var_dir / "prepared"
    state = _state_of_program(ours, settings)
    if not fresh and ours.cluster and stamp.exists() and stamp.read_text() == state:
        return
    supervisor.console.say("Preparing the database …")
    # Loaded here: a later start need not wait for the driver.
    from mailtrap_site.embedded import databases

    try:
        if ours.cluster:
            databases.ensure(ours.cluster.url("postgres"), ("mail", "broker"))
        else:
            databases.check(ours.database_url)
        with databases.alone(ours.database_url):
            if ours.broker_url.startswith("pgmq:"):
                databases.ensure_queues(ours.broker_url)
            for step in _steps(settings):
                _must(supervisor, step)
    except databases.Unusable as problem:
        raise CannotStart(str(problem)) from problem
    stamp.write_text(state)


def _steps(settings: environment.Environment) -> list[Program]:
    steps = [
        programs.once("migrate", "migrate", "--verbosity", "0"),
        programs.once("cache", "createcachetable", "--verbosity", "0"),
    ]
    if not settings.debug:
        steps.append(programs.once("static", "collectstatic", "--noinput", "--verbosity", "0"))
    return steps


def _must(supervisor: Supervisor, step: Program) -> None:
    if supervisor.run(step) != 0:
        raise CannotStart(f"`manage.py {' '.join(step.command[2:])}` failed; its last lines above say why.")


def _state_of_program(ours: Instance, settings: environment.Environment) -> str:
    """Changes whenever migrations, packages, the database or, where they are collected, the static files do."""
    base = environment.BASE_DIR
    digest = hashlib.sha256(f"{ours.database_url} {settings.debug}".encode())
    for file in sorted((*base.glob("*/migrations/*.py"), base / "requirements.txt")):
        digest.update(str(file.relative_to(base)).encode() + file.read_bytes())
    if not settings.debug:
        for file in sorted(path for path in (base / "static").rglob("*") if path.is_file()):
            digest.update(f"{file} {file.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def _stop_seconds(development: bool) -> float:
    """Patience between SIGTERM and SIGKILL: production lets the drains of at most 30 s end."""
    return float(os.environ.get("STOP_SECONDS", 2 if development else 35))
