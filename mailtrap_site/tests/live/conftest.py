"""Programs of others, run against the live instance."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.live_instance import LiveInstance, wait_for


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running `manage.py compat_proxy`, and what makes a client use it."""

    url: str
    settings: dict[str, str]


@pytest.fixture(scope="module")
def proxy(live: LiveInstance) -> Iterator[Proxy]:
    """The proxy of unmodified SDKs; Ctrl-C ends it in order."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "compat_proxy", "--port", str(port), "--skip-checks"],
        env=dict(live.settings),
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )

    def listens() -> bool:
        assert process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, "the proxy")
        url, authority = f"http://127.0.0.1:{port}", str(live.certificate_authority)
        trust = {"REQUESTS_CA_BUNDLE": authority, "NODE_EXTRA_CA_CERTS": authority}
        yield Proxy(url, {"HTTPS_PROXY": url, "https_proxy": url, "NO_PROXY": "", "no_proxy": "", **trust})
        process.send_signal(signal.SIGINT)
        said, _nothing = process.communicate(timeout=30)
        assert process.returncode == 0
        assert url in said
        assert authority in said
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def run(command: list[str], *, cwd: Path = BASE_DIR, **settings: str) -> str:
    """What the program wrote; it has to end with 0."""
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, timeout=90, cwd=cwd, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
