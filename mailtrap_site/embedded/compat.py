"""A proxy for the official SDKs, unchanged: it takes their CONNECT to Mailtrap's hosts and answers from here.

The SDKs fix `https://send.api.mailtrap.io` and its siblings in their code. With HTTPS_PROXY pointing here and this
instance's certificate authority trusted, the same code talks to us; the Host header arrives as they sent it.
Everything else is refused.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from pathlib import Path

HEAD_LIMIT = 8192
HANDSHAKE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Target:
    """The plain HTTP server that answers in their place."""

    host: str
    port: int


class CompatProxy:
    """One listener; `hosts` are the names it answers for."""

    def __init__(self, hosts: frozenset[str], target: Target, certificate: Path, key: Path) -> None:
        self._hosts = hosts
        self._target = target
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.load_cert_chain(certificate, key)

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listens on `host:port`."""
        return await asyncio.start_server(self._serve, host, port, limit=HEAD_LIMIT)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_writer = None
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                name = await _requested_host(reader)
                if name not in self._hosts:
                    sentence = f"This proxy answers for Mailtrap's hosts only, not for {name}."
                    await _refuse(writer, "403 Forbidden", sentence)
                    return
                try:
                    inner_reader, inner_writer = await asyncio.open_connection(self._target.host, self._target.port)
                except OSError:
                    # In the status line, since that is what clients show of a proxy's refusal.
                    nobody = f"Nothing answers at {self._target.host}:{self._target.port}"
                    await _refuse(writer, f"502 {nobody}", f"{nobody}. Is the service running, and WEB_PORT the same?")
                    return
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.drain()
                await writer.start_tls(self._tls)
            await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
        except (
            OSError,
            ssl.SSLError,
            TimeoutError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ):
            pass
        finally:
            await _close(writer)
            if inner_writer:
                await _close(inner_writer)


async def _requested_host(reader: asyncio.StreamReader) -> str:
    """The host of `CONNECT host:port HTTP/1.1`. Raises ValueError for any other request."""
    head = await reader.readuntil(b"\r\n\r\n")
    method, _, rest = head.split(b"\r\n", 1)[0].decode("ascii").partition(" ")
    if method != "CONNECT":
        raise ValueError(f"{method} is not CONNECT")
    return rest.partition(" ")[0].rpartition(":")[0].lower()


async def _refuse(writer: asyncio.StreamWriter, status: str, sentence: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    body = f"{sentence}\n".encode()
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
        async with asyncio.timeout(5):
            await writer.wait_closed()
