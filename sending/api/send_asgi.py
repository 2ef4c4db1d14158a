"""`POST /api/send` on the event loop: thousands of clients may wait for their commit, and none costs a thread.

The loop never asks the database. Bodies are read after the token is known, and within a budget of memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from typing import Any

from django.conf import settings

from accounts.authentication import TokenIdentity, remembered_identity
from mailtrap_site.database_pool import DatabasePool
from sending.api.send import (
    Answer,
    Asked,
    answer_of,
    answer_of_problem,
    identify,
    read_draft,
    refuse_early,
    refused,
)
from sending.models import Stream
from sending.policy.refusal import Reason, Refusal
from sending.protocol.memory import MemoryBudget, MemoryShare
from sending.submission import group_commit
from sending.submission.submit import ANSWER_SECONDS, Accepted, Draft, hand_over, note

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATHS: dict[str, Stream | None] = {"/api/send": None, "/bulk/api/send": Stream.BULK}
"""With the stream that the path names; None leaves it to the host name."""
READ_ON_THE_LOOP = 65_536
"""Octets of a body; reading and composing more would keep the other clients waiting."""
HELD_PER_OCTET = 3
"""While one octet of a body is worked on, so many are held: itself, as composed, as packed."""
BODY_SECONDS = 300.0
POOL_THREADS = 8


class SendDoor:
    """The ASGI application of `PATHS`. `memory_octets` bounds what all requests of the process hold."""

    def __init__(self, memory_octets: int) -> None:
        self._budget = MemoryBudget(memory_octets)
        self._pool = DatabasePool(POOL_THREADS, "http-database")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        share = MemoryShare(self._budget)
        try:
            answer = await self._answer(scope, receive, share)
        except ClientGone:
            return
        except Exception as problem:
            answer = answer_of_problem(problem)
        finally:
            share.release()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer.content)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    def close(self) -> None:
        """Writes what is waiting for its commit, and gives the connections back."""
        group_commit.close()
        self._pool.close()

    async def _answer(self, scope: Scope, receive: Receive, share: MemoryShare) -> Answer:
        asked, length = _asked(scope)
        identity = refuse_early(asked) or remembered_identity(asked.secret)
        if identity is None:
            identity = await self._pool.run(lambda: identify(asked))
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read(receive, share, length, keep=not isinstance(identity, Answer))
        if isinstance(identity, Answer):
            return identity
        if isinstance(body, Answer):
            return body
        if len(body) <= READ_ON_THE_LOOP:
            handed = _read_and_hand_over(asked, identity, body)
        else:
            handed = await self._pool.run(lambda: _read_and_hand_over(asked, identity, body))
        if isinstance(handed, Answer):
            return handed
        draft, future = handed
        return answer_of(note(draft, await _outcome(future)))


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


async def _read(receive: Receive, share: MemoryShare, length: int, *, keep: bool) -> bytes | Answer:
    """The body, or why it is not taken; of one that nobody wants at most a little is read. Raises `ClientGone`."""
    if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return refused(Refusal(Reason.MESSAGE_TOO_LARGE))
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return refused(Refusal(Reason.MESSAGE_TOO_LARGE))
        if keep:
            if not share.cover(max(size, length) * HELD_PER_OCTET):
                return refused(Refusal(Reason.OVERLOADED))
            parts.append(part)
        elif size > READ_ON_THE_LOOP:
            break
    return b"".join(parts) if len(parts) != 1 else parts[0]


async def _outcome(future: "Future[Accepted | Refusal]") -> Accepted | Refusal:
    """The flusher bounds every statement; this bound is for a thread that died."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            # Shielded: a client that goes away must not cancel what the flusher has begun.
            return await asyncio.shield(asyncio.wrap_future(future))
    except TimeoutError:
        return Refusal(Reason.TEMPORARY)


def _read_and_hand_over(
    asked: Asked, identity: TokenIdentity, body: bytes
) -> "tuple[Draft, Future[Accepted | Refusal]] | Answer":
    draft = read_draft(asked, identity, body)
    return draft if isinstance(draft, Answer) else (draft, hand_over(draft))


def _asked(scope: Scope) -> tuple[Asked, int]:
    """What the request says before its body, and the length that it announces (0 for a chunked one)."""
    fields: dict[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
    scheme, _, bearer = fields.get(b"authorization", "").strip().partition(" ")
    secret = bearer if scheme.lower() == "bearer" else fields.get(b"api-token", "")
    length = fields.get(b"content-length", "")
    client = scope.get("client") or ("", 0)
    asked = Asked(
        method=scope["method"],
        host=fields.get(b"host", ""),
        content_type=fields.get(b"content-type", "").partition(";")[0].strip().lower(),
        secret=secret.strip(),
        client_ip=client[0],
        stream=PATHS[scope["path"]],
    )
    return asked, int(length) if length.isdecimal() else 0
