"""One HTTP request to a host that a customer names, without becoming his tool against other machines (SSRF).

The address is judged first and the connection is made to that address alone, so a name that changes its mind in between
gains nothing; a certificate must stand for the host's name; nobody is redirected. Time and octets are bounded as a
whole, whatever the server does.
"""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from http.client import HTTPException, parse_headers
from io import BytesIO

from django.conf import settings

from domains import resolver
from domains.public_addresses import is_public

MOST_HEAD_OCTETS = 16 * 1024
MOST_TRIED = 2
"""Addresses of one host."""
MOST_INTERIM = 5
"""Answers of class 1xx before the one that counts."""
_NO_BODY = (204, 304)


class FetchProblem(StrEnum):
    """Why there is no answer, or none of use."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    NO_HTTP = "no_http"
    REDIRECT = "redirect"
    STATUS = "status"
    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"


class FetchFailed(Exception):
    """`detail` is what the other side said: a status, or what is wrong with the certificate."""

    def __init__(self, problem: FetchProblem, detail: str = "") -> None:
        super().__init__(problem.value, detail)
        self.problem, self.detail = problem, detail


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask: `path` with its query; `addresses` are those of `host`, already judged."""

    host: str
    path: str
    addresses: Sequence[str]
    port: int = 443
    is_tls: bool = True

    @property
    def authority(self) -> str:
        """The `Host` header (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`is_cut`: the body had more octets than were asked for, or ended early."""

    status: int
    reason: str
    headers: Message = field(default_factory=Message)
    body: bytes = b""
    is_cut: bool = False


def may_be_asked(address: str) -> bool:
    """Whether this instance connects to `address` because somebody named it: public ones, or all on a playground."""
    return not settings.ENVIRONMENT.outbound_public_only or is_public(address)


def addresses_of(host: str) -> tuple[str, ...]:
    """All addresses of a name or literal now, past every cache; none where DNS has none or does not answer. Network."""
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        pass
    if host == "localhost" or host.endswith(".localhost"):
        # RFC 6761 section 6.3: never a question for DNS.
        return "127.0.0.1", "::1"
    ipv4, ipv6 = resolver.lookup_many([(host, "A"), (host, "AAAA")])
    return (*ipv4.values, *ipv6.values)


def ask(
    place: Place,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    most_octets: int,
    seconds: float,
    context: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """The answer, whatever its status. Raises FetchFailed. `seconds` bound all of it; the second address is tried only
    where no connection to the first came about in a third of that. `headers` must be printable ASCII."""
    lines = [f"{method} {place.path} HTTP/1.1", f"Host: {place.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join([*lines, "", ""]).encode("ascii") + body
    tls = (context or ssl.create_default_context()) if place.is_tls else None
    failure, until = FetchFailed(FetchProblem.UNREACHABLE), time.monotonic() + seconds
    tried = place.addresses[:MOST_TRIED]
    for place_in_row, address in enumerate(tried, start=1):
        patience = seconds if place_in_row == len(tried) else seconds / 3
        conversation = _Conversation(place, address, tls, most_octets)
        try:
            return asyncio.run(conversation.hold(request, until - time.monotonic(), patience))
        except FetchFailed as problem:
            failure = problem
            if conversation.is_connected or problem.problem is FetchProblem.CERTIFICATE:
                break
    raise failure


class _Conversation:
    """One connection to one address."""

    def __init__(self, place: Place, address: str, context: ssl.SSLContext | None, most_octets: int) -> None:
        self._place, self._address, self._context, self._most = place, address, context, most_octets
        self.is_connected = False

    async def hold(self, request: bytes, seconds: float, patience: float) -> HttpAnswer:
        """`patience`: seconds in which a connection must come about."""
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(request, patience)
        except TimeoutError as problem:
            raise FetchFailed(FetchProblem.TIMEOUT) from problem
        except ssl.SSLCertVerificationError as problem:
            raise FetchFailed(FetchProblem.CERTIFICATE, problem.verify_message) from problem
        except asyncio.LimitOverrunError as problem:
            raise FetchFailed(FetchProblem.TOO_LARGE) from problem
        except (EOFError, HTTPException, ValueError) as problem:
            raise FetchFailed(FetchProblem.NO_HTTP) from problem
        except OSError as problem:
            raise FetchFailed(FetchProblem.UNREACHABLE) from problem

    async def _exchange(self, request: bytes, patience: float) -> HttpAnswer:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(
                self._address,
                self._place.port,
                limit=MOST_HEAD_OCTETS,
                ssl=self._context,
                server_hostname=self._place.host if self._context else None,
            )
        self.is_connected = True
        try:
            writer.write(request)
            return await self._answer(reader)
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> HttpAnswer:
        for _interim in range(MOST_INTERIM):
            status, reason, headers = _head(await reader.readuntil(b"\r\n\r\n"))
            if status >= 200:
                body, is_cut = (b"", False) if status in _NO_BODY else await self._body(reader, headers)
                return HttpAnswer(status, reason, headers, body, is_cut)
        raise ValueError("only interim answers")

    async def _body(self, reader: asyncio.StreamReader, headers: Message) -> tuple[bytes, bool]:
        """RFC 9112 section 6: chunks, or a length, or until the end."""
        if "chunked" in headers.get("Transfer-Encoding", "").lower():
            return await self._chunks(reader)
        length = headers.get("Content-Length")
        wanted = int(length) if length is not None else None
        if wanted is not None and wanted < 0:
            raise ValueError("a negative length")
        body = await _read(reader, self._most + 1 if wanted is None else min(wanted, self._most))
        is_cut = len(body) > self._most if wanted is None else len(body) < wanted
        return body[: self._most], is_cut

    async def _chunks(self, reader: asyncio.StreamReader) -> tuple[bytes, bool]:
        body = b""
        while True:
            try:
                size = int((await reader.readuntil(b"\r\n")).partition(b";")[0].strip(), 16)
            except EOFError:
                return body, True
            if size <= 0:
                return body, size < 0
            body += await _read(reader, min(size, self._most - len(body)))
            if len(body) >= self._most:
                return body, True
            if await _read(reader, 2) != b"\r\n":
                return body, True


def _head(raw: bytes) -> tuple[int, str, Message]:
    line, _end, rest = raw.partition(b"\r\n")
    version, _space, words = line.decode("latin-1").partition(" ")
    code, _space, reason = words.partition(" ")
    if not version.startswith("HTTP/1.") or len(code) != 3 or not code.isascii() or not code.isdigit():
        raise ValueError("no status line")
    return int(code), reason.strip(), parse_headers(BytesIO(rest))


async def _read(reader: asyncio.StreamReader, most: int) -> bytes:
    """Up to `most` octets; fewer where the other side ends."""
    body = b""
    while len(body) < most and (more := await reader.read(most - len(body))):
        body += more
    return body
