"""Fetches a small text file over HTTPS from a host that a customer's DNS names (RFC 8461 section 3.3).

The address is chosen first and must be public, the connection is made to that address alone, the certificate must stand
for the host's name, and nobody is redirected. Time and octets are bounded as a whole, whatever the server does.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any, cast

SECONDS = 5.0
MOST_HEAD_OCTETS = 16 * 1024
MOST_TRIED = 2
"""Addresses of one host."""


class FetchProblem(StrEnum):
    """Why there is no file."""

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
    """Where a file lies: `addresses` are those of `host`, already judged."""

    host: str
    path: str
    addresses: Sequence[str]
    port: int = 443


def fetch(place: Place, *, most_octets: int, context: ssl.SSLContext | None = None) -> bytes:
    """The file. Raises FetchFailed. Takes up to `SECONDS` for each of at most two addresses."""
    failure = FetchFailed(FetchProblem.UNREACHABLE)
    for address in place.addresses[:MOST_TRIED]:
        try:
            raw = asyncio.run(_exchange(place, address, most_octets, context or ssl.create_default_context()))
            return _file(raw, most_octets)
        except FetchFailed as problem:
            failure = problem
            if problem.problem not in (FetchProblem.UNREACHABLE, FetchProblem.TIMEOUT):
                break
    raise failure


async def _exchange(place: Place, address: str, most_octets: int, context: ssl.SSLContext) -> bytes:
    """All that the server says to one request, head and body."""
    most = most_octets + MOST_HEAD_OCTETS
    request = (
        f"GET {place.path} HTTP/1.1\r\nHost: {place.host}\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\n"
        "User-Agent: mta-sts-check\r\nConnection: close\r\n\r\n"
    )
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(address, place.port, ssl=context, server_hostname=place.host)
            try:
                writer.write(request.encode("ascii"))
                raw = b""
                while len(raw) <= most and (more := await reader.read(most + 1 - len(raw))):
                    raw += more
            finally:
                writer.transport.abort()
    except TimeoutError as problem:
        raise FetchFailed(FetchProblem.TIMEOUT) from problem
    except ssl.SSLCertVerificationError as problem:
        raise FetchFailed(FetchProblem.CERTIFICATE, problem.verify_message) from problem
    except (OSError, ssl.SSLError, UnicodeError) as problem:
        raise FetchFailed(FetchProblem.UNREACHABLE) from problem
    if len(raw) > most:
        raise FetchFailed(FetchProblem.TOO_LARGE)
    return raw


def _file(raw: bytes, most_octets: int) -> bytes:
    response = HTTPResponse(cast(Any, _Heard(raw)), method="GET")
    try:
        response.begin()
        body = response.read(most_octets + 1)
    except (HTTPException, ValueError) as problem:
        raise FetchFailed(FetchProblem.NO_HTTP) from problem
    if 300 <= response.status < 400:
        raise FetchFailed(FetchProblem.REDIRECT, str(response.status))
    if response.status != 200:
        raise FetchFailed(FetchProblem.STATUS, str(response.status))
    if len(body) > most_octets:
        raise FetchFailed(FetchProblem.TOO_LARGE)
    content_type = response.headers.get_content_type()
    if content_type != "text/plain":
        raise FetchFailed(FetchProblem.CONTENT_TYPE, content_type[:80])
    return body


class _Heard:
    """What was read, as http.client wants to read it."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._raw)
