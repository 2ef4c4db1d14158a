"""The whole service, started by the one command: it comes up, mends itself, and leaves nothing behind."""

import contextlib
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from mailtrap_site.embedded import readiness
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.live_instance import environment_of_an_instance
from mailtrap_site.tests.embedded.conftest import gone, wait_for

FACTS = (
    *(
        "DASHBOARD_URL",
        "API_URL",
        "BULK_API_URL",
        "SMTP_HOST",
        "SMTP_PORT",
        "SMTPS_PORT",
        "BULK_SMTP_USER",
        "API_TOKEN",
    ),
    *("ACCOUNT_ID", "DOMAIN_ID", "DEMO_DOMAIN", "SANDBOX_ID", "LOGIN_EMAIL", "LOGIN_PASSWORD", "DATABASE_URL"),
)

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("the whole instance"),  # one worker runs them all, on one instance
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@dataclass
class Running:
    """An instance that `up` runs, and what it wrote."""

    process: "subprocess.Popen[bytes]"
    var_dir: Path
    settings: dict[str, str]

    @property
    def output(self) -> str:
        return (self.var_dir.parent / "output.txt").read_text()

    @property
    def facts(self) -> dict[str, str]:
        pairs = (line.partition("=") for line in (self.var_dir / "demo.env").read_text().splitlines() if line)
        return {name: value.strip("'\"") for name, _, value in pairs}

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output[-3000:]
        return "Everything is ready" in self.output

    def children(self) -> dict[str, int]:
        """Process ids by the last word or two of the command lines."""
        named = {}
        for child in psutil.Process(self.process.pid).children():
            # One that was killed may not be gone yet.
            with contextlib.suppress(psutil.NoSuchProcess):
                named[_name_of(child.cmdline())] = child.pid
        return named


def _name_of(words: list[str]) -> str:
    for name in ("granian", "smtpd", "mx", "dns", "deliveries", "webhooks,upkeep", "beat", "mailtrap_site.fake_stripe"):
        if name in words:
            return name
    return "postgres" if words and words[0].endswith("/postgres") else "other"


def start(var_dir: Path, settings: dict[str, str]) -> Running:
    with (var_dir.parent / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            env=settings,
            cwd=BASE_DIR,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return Running(process, var_dir, settings)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    var_dir = tmp_path_factory.mktemp("instance") / "var"
    instance = start(var_dir, environment_of_an_instance(var_dir) | {"DEMO_MAIL": "true"})
    try:
        wait_for(instance.is_ready, 120)
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.process.terminate()
            instance.process.wait(15)


def mails(running: Running) -> tuple[int, int]:
    """How many the demo account has sent, and how many of them before this run."""
    with psycopg.connect(running.facts["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE category = 'Newsletter' AND recipient LIKE '%%.example') "
            "FROM sending_message WHERE account_id = %s",
            [int(running.facts["ACCOUNT_ID"])],
        ).fetchone()
    assert row
    return row[0], row[1]


def takes_connections(running: Running) -> bool:
    try:
        psycopg.connect(running.facts["DATABASE_URL"]).close()
    except psycopg.OperationalError:
        return False
    return True


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_it_writes_the_facts_when_all_is_ready(running: Running) -> None:
    assert [name for name in FACTS if not running.facts.get(name)] == []
    assert set(running.children()) == {
        *("postgres", "granian", "smtpd", "mx", "dns", "deliveries", "webhooks,upkeep", "beat"),
        "mailtrap_site.fake_stripe",
    }
    assert answers(f"http://localhost:{running.settings['WEB_PORT']}/accounts/login/")
    with psycopg.connect(running.facts["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)
    log = (running.var_dir / "log" / "up.log").read_text()
    for secret in ("API_TOKEN", "LOGIN_PASSWORD"):
        assert running.facts[secret] in running.output
        assert running.facts[secret] not in log


def test_a_new_demo_account_has_mail_to_look_at(running: Running) -> None:
    mailed, newsletters = mails(running)
    assert 150 < mailed <= 400
    assert 60 < newsletters < 100
    with psycopg.connect(running.facts["DATABASE_URL"]) as connection:

        def reported() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM sending_event e JOIN sending_message m ON m.id = e.message_id "
                "WHERE m.recipient = 'late-bounce@simulator.test' AND e.type = 'bounce'"
            ).fetchone()
            connection.rollback()
            return row == (1,)

        wait_for(reported, 30)


@pytest.mark.parametrize("name", ["granian", "smtpd", "mx", "dns", "deliveries", "webhooks,upkeep", "beat", "postgres"])
def test_what_is_killed_comes_back(running: Running, name: str) -> None:
    before = running.children()[name]
    times = running.output.count("is ready again")
    psutil.Process(before).kill()
    wait_for(lambda: running.output.count("is ready again") > times, 40)
    assert running.children()[name] != before
    port = int(running.settings["SMTP_PORT"])
    # While the database is silent, the submission server greets with 421.
    wait_for(lambda: readiness.greets("127.0.0.1", port)(0), 10)


def test_after_a_killed_postgresql_pages_answer_again(running: Running) -> None:
    page = f"http://localhost:{running.settings['WEB_PORT']}/accounts/login/"
    psutil.Process(running.children()["postgres"]).kill()
    wait_for(lambda: "postgres" in running.children() and answers(page), 30)


def test_ctrl_c_ends_all_in_time_and_a_second_start_is_quick(running: Running) -> None:
    # The test before killed PostgreSQL, whose pages answer before it takes connections of others.
    wait_for(lambda: takes_connections(running), 60)
    newsletters = mails(running)[1]
    everything = [child.pid for child in psutil.Process(running.process.pid).children(recursive=True)]
    begun = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(15) == 0
    assert time.monotonic() - begun < 6, "about 3 s on an idle machine"
    assert [pid for pid in everything if not gone(pid)] == []
    assert sorted(path.name for path in running.var_dir.iterdir() if path.name in ("up.lock", "demo.env")) == []

    begun = time.monotonic()
    again = start(running.var_dir, running.settings)
    try:
        wait_for(lambda: answers(f"http://localhost:{running.settings['WEB_PORT']}/accounts/login/"), 30)
        wait_for(again.is_ready, 60)
        assert (running.var_dir / "demo.env").exists()
        assert mails(again)[1] == newsletters, "the week is planted once"
    finally:
        again.process.terminate()
        assert again.process.wait(15) == 0
