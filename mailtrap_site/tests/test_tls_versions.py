"""Every door that speaks TLS, knocked at by clients of one version each: 1.2 and 1.3 are let in, 1.0 and 1.1 are not.

The web server has none of its own: it stands behind a proxy.
"""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailtrap_site.embedded.compat import CompatProxy, Target
from sending.listener import Port
from sending.protocol.smtp_server_events import ServerTls
from sending.submission.smtp_listener import ports
from sending.submission.smtp_session import SubmissionDoor
from sending.tests import listening as listening_module
from sending.tests.listening import listening, write_certificate
from sending.tests.mailbox import mx_running

Address = tuple[str, int]
MODERN = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
VERSIONS = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, *MODERN]
PROXIED = "send.api.mailtrap.io"
SECONDS = 10

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


def test_each_submission_port_refuses_what_is_older_than_tls_1_2(submission_ports: Sequence[Port]):
    assert {port.config.tls for port in submission_ports} == {ServerTls.STARTTLS, ServerTls.IMPLICIT}
    assert _let_in_by(submission_ports) == [MODERN] * len(submission_ports)


def test_a_port_that_let_them_in_would_be_noticed(submission_ports: Sequence[Port], monkeypatch: pytest.MonkeyPatch):
    lenient = listening_module.server_context.__wrapped__()
    lenient.minimum_version = ssl.TLSVersion.TLSv1
    lenient.set_ciphers("ALL:@SECLEVEL=0")
    monkeypatch.setattr(listening_module, "server_context", lambda: lenient)
    assert _let_in_by(submission_ports) == [VERSIONS] * len(submission_ports)


def test_the_mx_refuses_it_too(tmp_path: Path):
    certificate, key = write_certificate(tmp_path)
    with mx_running(tls_certificate=certificate, tls_key=key) as address:
        assert _let_in(_starttls, address) == MODERN


def test_the_proxy_for_sdks_refuses_it_too(tmp_path: Path):
    async def let_in(behind: Address) -> list[ssl.TLSVersion]:
        proxy = CompatProxy(frozenset({PROXIED}), Target(*behind), *write_certificate(tmp_path))
        async with await proxy.start("127.0.0.1", 0) as server:
            return await asyncio.to_thread(_let_in, _tunnel, server.sockets[0].getsockname())

    with socket.create_server(("127.0.0.1", 0)) as behind:
        assert asyncio.run(let_in(behind.getsockname())) == MODERN


@pytest.fixture
def submission_ports(settings: Any) -> Any:
    """Those of the settings, each at a free number."""
    door = SubmissionDoor("live.smtp.platform.test")
    yield [replace(port, host="127.0.0.1", port=0) for port in ports(door, settings.ENVIRONMENT)]
    door.close()


def _let_in_by(served: Sequence[Port]) -> list[list[ssl.TLSVersion]]:
    with listening(served) as listener:
        return [
            _let_in(_implicit if port.config.tls is ServerTls.IMPLICIT else _starttls, address)
            for port, address in zip(served, listener.addresses, strict=True)
        ]


def _let_in(shake_hands: Callable[[Address, ssl.SSLContext], str | None], address: Address) -> list[ssl.TLSVersion]:
    """The versions of which a client that speaks nothing else comes in."""
    found = []
    for version in VERSIONS:
        try:
            spoken = shake_hands(address, _only(version))
        except (ssl.SSLError, ConnectionError):
            continue
        assert spoken == version.name.replace("_", ".").replace("v1.0", "v1")
        found.append(version)
    return found


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client so careless that the server alone decides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


def _starttls(address: Address, context: ssl.SSLContext) -> str | None:
    client = smtplib.SMTP(*address, timeout=SECONDS)
    try:
        client.starttls(context=context)
        return _spoken(client.sock)
    finally:
        client.close()


def _implicit(address: Address, context: ssl.SSLContext) -> str | None:
    with smtplib.SMTP_SSL(*address, timeout=SECONDS, context=context) as client:
        return _spoken(client.sock)


def _tunnel(address: Address, context: ssl.SSLContext) -> str | None:
    with socket.create_connection(address, SECONDS) as plain:
        plain.sendall(f"CONNECT {PROXIED}:443 HTTP/1.1\r\n\r\n".encode())
        assert plain.recv(1000).startswith(b"HTTP/1.1 200 ")
        with context.wrap_socket(plain) as secured:
            return secured.version()


def _spoken(connection: Any) -> str | None:
    return str(connection.version())
