"""The one command itself, as far as it goes without the service: its obstacles, its files, and make above it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailtrap_site import environment
from mailtrap_site.embedded import install, instance, lock
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.live_instance import OF_THE_TEST_RUN, environment_of_an_instance
from mailtrap_site.tests.embedded.conftest import Script, gone, wait_for


def run_up(var_dir: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """`python -m mailtrap_site.embedded` on a data folder of the test's own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mailtrap_site.embedded", *arguments],
        env=environment_of_an_instance(var_dir) | settings,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_port_in_use_ends_the_start_with_a_sentence_and_no_lock(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "demo.env").write_text("API_TOKEN=stale\n")
        done = run_up(tmp_path, SMTP_PORT=str(port))
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr
    assert "SMTP_PORT" in done.stderr
    assert not (tmp_path / "up.lock").exists()
    assert not (tmp_path / "demo.env").exists()


def test_a_second_start_on_the_same_data_says_so(tmp_path: Path) -> None:
    with lock.held(tmp_path / "up.lock"):
        done = run_up(tmp_path)
        cleaning = run_up(tmp_path, "clean")
    for refused in (done, cleaning):
        assert refused.returncode == 1
        assert "running already" in refused.stderr
    assert "Traceback" not in done.stderr + cleaning.stderr


def test_clean_removes_the_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    (folder / "postgres" / "data").mkdir(parents=True)
    (folder / "instance.env").write_text("SECRET_KEY=x\n")
    assert run_up(folder, "clean").returncode == 0
    assert not folder.exists()


def test_clean_of_nothing_makes_nothing(tmp_path: Path) -> None:
    done = run_up(tmp_path / "var", "clean")
    assert (done.returncode, done.stdout.strip()) == (0, f"There is no {tmp_path / 'var'}.")


def test_the_data_folder_may_be_named_in_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "BASE_DIR", tmp_path)
    monkeypatch.delenv("VAR_DIR")
    (tmp_path / ".env").write_text("VAR_DIR=elsewhere\n")
    assert instance.var_dir() == tmp_path / "elsewhere"
    assert environment.var_dir() == tmp_path / "elsewhere"


def test_a_port_that_is_no_number_is_a_sentence(tmp_path: Path) -> None:
    done = run_up(tmp_path, POSTGRES_PORT="many")
    assert (done.returncode, done.stderr.strip()) == (1, "POSTGRES_PORT is 'many'; it must be a port number.")


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    done = run_up(tmp_path, DATABASE_URL="postgres://mail:secret@127.0.0.1:1/mail")
    assert done.returncode == 1
    assert "The database of DATABASE_URL cannot be used: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "up.lock").exists()


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_THE_TEST_RUN:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("bare_environment")
def test_secrets_are_made_once_and_are_for_the_owner_alone(tmp_path: Path) -> None:
    first = instance.load(tmp_path)
    text = (tmp_path / "instance.env").read_text()
    assert instance.load(tmp_path) == first
    assert (tmp_path / "instance.env").read_text() == text
    assert (tmp_path / "instance.env").stat().st_mode & 0o077 == 0
    other = tmp_path / "other"
    other.mkdir()
    assert instance.load(other).database_url != first.database_url
    assert first.cluster is not None
    assert first.broker_url == first.database_url.replace("postgres://", "pgmq://").replace("/mail", "/broker")


@pytest.mark.usefixtures("bare_environment")
def test_a_database_of_the_operator_replaces_the_embedded_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://mail:secret@db.test:5432/mail?sslmode=require")
    ours = instance.load(tmp_path)
    assert ours.cluster is None
    assert ours.broker_url == "pgmq://mail:secret@db.test:5432/mail"
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1/1")
    assert instance.load(tmp_path).broker_url == "redis://127.0.0.1/1"


UNDER_MAKE = """
import time
from pathlib import Path
from mailtrap_site.embedded import make
from mailtrap_site.embedded.console import Console
from mailtrap_site.embedded.supervisor import StopRequested, Supervisor
supervisor = Supervisor(Console(Path("up.log")), stop_seconds=1.0)
supervisor.listen_to_signals(also_stop_when=make.follow())
import os
print("running", os.getpid())
try:
    supervisor.watch()
except StopRequested:
    supervisor.stop()
    print("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_make_alone_stops_what_it_started(
    number: signal.Signals, tmp_path: Path, script: Callable[..., Script]
) -> None:
    (tmp_path / "under_make.py").write_text(UNDER_MAKE)
    (tmp_path / "Makefile").write_text(f"run:\n\t@STARTED_BY_MAKE=1 exec {sys.executable} under_make.py\n")
    running = script("import os; os.execvp('make', ['make', 'run'])")
    wait_for(lambda: running.says("running"))
    pid = int(running.output.split("running ")[1].split()[0])
    running.process.send_signal(number)
    running.process.wait(5)
    wait_for(lambda: gone(pid), 5)
    assert "stopped" in running.output


def test_the_lock_file_of_packages_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# note\nDjango==5.2.19   # the framework\n\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.0 # tests\n")
    assert install._packages(tmp_path / "requirements-dev.txt") == ["Django==5.2.19", "pytest==9.2.0"]


def test_a_platform_without_a_wheel_installs_without_the_embedded_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text("Django==5.2.19\npixeltable-pgserver==0.6.0\n")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert install._packages(tmp_path / "requirements.txt") == ["Django==5.2.19"]


def test_every_line_of_our_own_lock_files_is_pinned() -> None:
    lines = install._packages(BASE_DIR / "requirements-dev.txt")
    assert len(lines) > 80
    assert all("==" in line and " " not in line.split(";")[0].strip() for line in lines)
