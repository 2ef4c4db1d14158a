"""The proxy for unmodified SDKs answers for Mailtrap's hosts only, and hands on what they say as they said it."""

import asyncio
import ssl
from pathlib import Path

import pytest

from mailtrap_site.embedded import certificates
from mailtrap_site.embedded.compat import CompatProxy, Target

HOST = "send.api.mailtrap.io"
SECONDS = 20


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compat") / "tls"
    certificates.ensure(folder, certificates.MAILTRAP_NAMES)
    return folder


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP server that answers with what it was asked."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
    await writer.drain()
    writer.close()


async def through_the_proxy(folder: Path, first: bytes, then: bytes = b"", *, stopped: bool = False) -> bytes:
    """What a client reads that says `first`, and after a tunnel was made and TLS begun in it, says `then`.

    `stopped`: the server that the proxy leads to has ended.
    """
    async with asyncio.timeout(SECONDS):
        target = await asyncio.start_server(echo, "127.0.0.1", 0)
        where = Target("127.0.0.1", target.sockets[0].getsockname()[1])
        if stopped:
            target.close()
        proxy = CompatProxy(frozenset({HOST}), where, folder / "server.pem", folder / "server.key")
        server = await proxy.start("127.0.0.1", 0)
        async with target, server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(first)
            if then:
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
                trusted = ssl.create_default_context(cafile=str(folder / "ca.pem"))
                await writer.start_tls(trusted, server_hostname=HOST)
                writer.write(then)
            answer = await reader.read()
            writer.close()
            return answer


def test_a_request_in_the_tunnel_arrives_as_it_was_written(certificate: Path) -> None:
    request = b"POST /api/send HTTP/1.1\r\nHost: send.api.mailtrap.io\r\nApi-Token: abc\r\n\r\n"
    connect = b"CONNECT send.api.mailtrap.io:443 HTTP/1.1\r\nHost: send.api.mailtrap.io:443\r\n\r\n"
    answer = asyncio.run(through_the_proxy(certificate, connect, request))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + request)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "evil.send.api.mailtrap.io", ""])
def test_other_hosts_are_refused_with_a_sentence(certificate: Path, host: str) -> None:
    answer = asyncio.run(through_the_proxy(certificate, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode()))
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert f"not for {host}.".encode() in answer


def test_a_service_that_does_not_answer_is_named_in_the_status_line(certificate: Path) -> None:
    connect = b"CONNECT send.api.mailtrap.io:443 HTTP/1.1\r\n\r\n"
    answer = asyncio.run(through_the_proxy(certificate, connect, stopped=True))
    assert answer.startswith(b"HTTP/1.1 502 Nothing answers at 127.0.0.1:")
    assert b"WEB_PORT" in answer


@pytest.mark.parametrize("request_line", [b"GET http://example.com/ HTTP/1.1", b"\xff\xfe", b"connect x:443"])
def test_what_is_no_tunnel_gets_no_answer(certificate: Path, request_line: bytes) -> None:
    assert asyncio.run(through_the_proxy(certificate, request_line + b"\r\n\r\n")) == b""


def test_a_head_without_end_is_cut_off(certificate: Path) -> None:
    assert asyncio.run(through_the_proxy(certificate, b"CONNECT " + b"x" * 60_000)) == b""
