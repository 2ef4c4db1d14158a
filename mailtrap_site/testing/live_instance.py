"""One whole instance, started by the one command in a folder of its own, with what a test needs to use its doors."""

import contextlib
import os
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Any, TypeVar

import dns.resolver
import psutil
import psycopg
import pytest
import requests

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.postgres_plugin import INHERITED, SETTINGS
from mailtrap_site.testing.visitor import Visitor

OF_THE_TEST_RUN = (*SETTINGS, "DATABASE_URL", "TEST_DATABASE_URL", "VAR_DIR", INHERITED)
PORTS = ("WEB_PORT", "SMTP_PORT", "SMTPS_PORT", "MX_PORT", "DNS_PORT", "POSTGRES_PORT", "FAKE_STRIPE_PORT")
START_SECONDS = 150
PATIENCE = 60
"""Seconds for anything that takes two on a machine with nothing else to do."""

T = TypeVar("T")


def environment_of_an_instance(var_dir: Path) -> dict[str, str]:
    """What `up` needs to run beside the test's own server: its own folder, and ports that were free a moment ago."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    ports = {name: str(free_port()) for name in PORTS}
    return kept | ports | {"VAR_DIR": str(var_dir), "DEMO_MAIL": "false"}


def wait_for(question: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first answer of `question` that is true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.1)
    return answer


@dataclass(frozen=True, slots=True)
class Client:
    """A program that uses the HTTP API with one account's token."""

    url: str
    account_id: int
    token: str

    def post(self, path: str, content: Mapping[str, Any], **headers: str) -> requests.Response:
        """`content` as JSON."""
        with _session() as session:
            return session.post(self.url + path, json=content, headers=self._headers | headers, timeout=30)

    def get(self, path: str, **query: str) -> Any:
        """The JSON at a path below the account's."""
        address = f"{self.url}/api/accounts/{self.account_id}/{path}"
        with _session() as session:
            answer = session.get(address, params=query, headers=self._headers, timeout=30)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
        return answer.json()

    def send(self, mail: Mapping[str, Any], path: str = "/api/send") -> list[str]:
        """The ids of the messages, one for each recipient."""
        answer = self.post(path, mail)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
        return list(answer.json()["message_ids"])

    def find(self, recipient: str) -> dict[str, Any]:
        """The newest message to `recipient`, as soon as the log has one, with its events."""
        wanted = {"filters[to][operator]": "ci_equal", "filters[to][value]": recipient}
        found = wait_for(lambda: self.get("email_logs", **wanted)["messages"], f"a message to {recipient}")
        return self.message(found[0]["message_id"])

    def message(self, message_id: str) -> dict[str, Any]:
        """One message of the email log with its events."""
        return dict(self.get(f"email_logs/{message_id}"))

    def wait_until(self, message_id: str, status: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The message once it has the contract's `status`."""
        wait_for(lambda: self.message(message_id)["status"] == status, f"{message_id} {status}", seconds)
        return self.message(message_id)

    @property
    def used(self) -> int:
        """What the meter counts in this period."""
        return int(self.get("billing/usage")["sending"]["usage"]["sent_messages_count"]["current"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class LiveInstance:
    """A running instance. `settings` is the environment that it was started with, `facts` its `demo.env`."""

    process: "subprocess.Popen[bytes]"
    var_dir: Path
    settings: Mapping[str, str]
    facts: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.facts["DASHBOARD_URL"]

    @property
    def certificate_authority(self) -> Path:
        return self.var_dir / "tls" / "ca.pem"

    @property
    def demo(self) -> Client:
        """The demo account's program."""
        return self.client(int(self.facts["ACCOUNT_ID"]), self.facts["API_TOKEN"])

    def client(self, account_id: int, token: str) -> Client:
        return Client(self.url, account_id, token)

    def visitor(self) -> Visitor:
        """Somebody who has never been here."""
        return Visitor(self.url)

    @contextlib.contextmanager
    def smtp(self, token: str, user: str = "api") -> Iterator[smtplib.SMTP]:
        """An authenticated session over STARTTLS, with the certificate checked."""
        trusted = ssl.create_default_context(cafile=str(self.certificate_authority))
        with smtplib.SMTP(self.facts["SMTP_HOST"], int(self.facts["SMTP_PORT"]), timeout=30) as session:
            session.starttls(context=trusted)
            session.login(user, token)
            yield session

    def captured(self, recipient: str) -> list[bytes]:
        """The mails in the captured mailbox of a recipient, newest first, byte for byte."""
        with _session() as session:
            page = session.get(f"{self.url}/captured/", params={"recipient": recipient}, timeout=30)
            assert page.status_code == 200, page.text[:500]
            paths = dict.fromkeys(part.partition('"')[0] for part in page.text.split('class="main-link" href="')[1:])
            return [session.get(f"{self.url}{path}source/", timeout=30).content for path in paths]

    def wait_for_captured(self, recipient: str) -> bytes:
        """The newest mail of a recipient, as soon as there is one."""
        return wait_for(lambda: self.captured(recipient), f"captured mail to {recipient}")[0]

    def txt(self, name: str) -> str:
        """The TXT record at `name`, asked of the instance's own name server."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], int(self.settings["DNS_PORT"])
        (record,) = resolver.resolve(name, "TXT", lifetime=15)
        return b"".join(record.strings).decode()

    def change(self, statement: str, *values: object) -> int:
        """Runs SQL on the instance's database, for what only time would do; how many rows it touched."""
        with psycopg.connect(self.facts["DATABASE_URL"]) as connection:
            return connection.execute(statement.encode(), values).rowcount

    def programs(self, word: str) -> list[psutil.Process]:
        """The supervised programs that run now and whose command line holds `word`."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                words = child.cmdline()
                if word in words or words[0].endswith(f"/{word}"):
                    found.append(child)
        return found

    @property
    def output(self) -> str:
        """What the supervisor wrote so far."""
        return _output(self.var_dir).read_text(errors="replace")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[LiveInstance]:
    """Starts an instance in `folder` and waits for it; afterwards Ctrl-C has to leave no process and no lock."""
    if "DATABASE_URL=" in _read(BASE_DIR / ".env"):
        pytest.skip(".env names a DATABASE_URL, and a test instance must not write into that database")
    var_dir = folder / "var"
    settings = environment_of_an_instance(var_dir)
    # Who waits for mail here asks the log ten times a second.
    settings |= {"WEB_WORKERS": "1", "RATE_LIMIT_FACTOR": "1000", "PYTHONUNBUFFERED": "1"}
    with _output(var_dir).open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailtrap_site.embedded", "up"],
            env=settings,
            cwd=BASE_DIR,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield LiveInstance(process, var_dir, settings, _wait_for_facts(process, var_dir))
        everything = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(SIGINT)
        assert process.wait(30) == 0, _output(var_dir).read_text(errors="replace")[-3000:]
        assert [command for pid in everything if (command := processes.command_of(pid))] == []
        assert {"up.lock", "demo.env"} & {path.name for path in var_dir.iterdir()} == set()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _wait_for_facts(process: "subprocess.Popen[bytes]", var_dir: Path) -> dict[str, str]:
    def is_there() -> bool:
        assert process.poll() is None, _read(_output(var_dir))[-3000:]
        return (var_dir / "demo.env").exists()

    try:
        wait_for(is_there, "the instance ready", START_SECONDS)
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{_read(_output(var_dir))[-3000:]}") from None
    pairs = (line.partition("=") for line in _read(var_dir / "demo.env").splitlines())
    return {name: value for name, _equals, value in pairs}


def _output(var_dir: Path) -> Path:
    return var_dir.parent / "output.txt"


def _read(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""


def _session() -> requests.Session:
    session = requests.Session()
    # A proxy of the machine has no business with the loopback.
    session.trust_env = False
    return session
