"""Programs of others, run against the live instance."""

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
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


@pytest.fixture(scope="module")
def https_host(live: LiveInstance) -> Iterator[str]:
    """`localhost:port` of an HTTPS server before the instance, as its operator would run one."""
    loop = asyncio.new_event_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls = live.certificate_authority.parent
    context.load_cert_chain(tls / "server.pem", tls / "server.key")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside_reader, inside_writer = await asyncio.open_connection("127.0.0.1", int(live.settings["WEB_PORT"]))
        await asyncio.gather(pipe(reader, inside_writer), pipe(inside_reader, writer))

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(relay, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield f"localhost:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    server.close()
    loop.close()


def run(command: list[str], folder: Path = BASE_DIR, /, **settings: str) -> str:
    """What the program wrote, run in `folder` with `settings` in its environment; it has to end with 0."""
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, timeout=90, cwd=folder, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
