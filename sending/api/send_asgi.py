"""`POST /api/send` on the event loop: thousands of clients may wait for their commit, and none costs a thread.

The loop never asks the database. Bodies are read after the token is known, and within a budget of memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from typing import Any

from accounts.authentication import TokenIdentity, could_be_token, remembered_identity
from accounts.rate_limits import TOKEN, take
from mailtrap_site.database_pool import DatabasePool
from sending.api.request_body import BodyMemory, BodyShare, ClientGone, closing, pass_over, read_body
from sending.api.send import (
    Answer,
    Asked,
    answer_of,
    answer_of_problem,
    failure,
    identify,
    read_draft,
    refuse_beyond,
    refuse_early,
    refused,
)
from sending.models import Stream
from sending.policy.refusal import Reason, Refusal
from sending.submission import group_commit
from sending.submission.submit import Accepted, Draft, hand_over, note, outcome_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATHS: dict[str, Stream | None] = {"/api/send": None, "/bulk/api/send": Stream.BULK}
"""With the stream that the path names; None leaves it to the host name."""
READ_ON_THE_LOOP = 65_536
"""Octets of a body; reading and composing more would keep the other clients waiting."""
POOL_THREADS = 8
POOL_SECONDS = 20.0
"""After which a client is asked to try later, whatever the database may be doing."""
READERS = 2
"""Threads for larger bodies; who only asks for his token does not wait behind them."""
_SINGLE = (b"authorization", b"api-token", b"host", b"content-type", b"content-length")
_ALWAYS = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]


class SendDoor:
    """The ASGI application of `PATHS`. `memory_octets` bounds what all requests of the process hold."""

    def __init__(self, memory_octets: int) -> None:
        self._memory = BodyMemory(memory_octets)
        self._pool = DatabasePool(POOL_THREADS, "http-database")
        self._readers = DatabasePool(READERS, "http-readers")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception as problem:
            answer = answer_of_problem(problem)
        headers = [*_ALWAYS, (b"content-length", str(len(answer.content)).encode())]
        allowed = scope["allowance"].headers if "allowance" in scope else ()
        headers += [(name.lower().encode(), value.encode()) for name, value in (*answer.headers, *allowed)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    def close(self) -> None:
        """Writes what is waiting for its commit, and gives the connections back."""
        group_commit.close()
        self._pool.close()
        self._readers.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        asked, length = _asked(scope)
        identity = _refuse_early(scope, asked) or remembered_identity(asked.secret) or await self._identify(asked)
        if not isinstance(identity, Answer):
            scope["allowance"] = take(TOKEN, identity.token_id)
            identity = refuse_beyond(scope["allowance"]) or identity
        if isinstance(identity, Answer):
            return identity if await pass_over(receive) else closing(identity)
        share = BodyShare(self._memory, identity.account_id)
        try:
            body = await read_body(receive, share, length)
            return body if isinstance(body, Answer) else await self._send(asked, identity, body)
        finally:
            share.release()

    async def _identify(self, asked: Asked) -> TokenIdentity | Answer:
        if not could_be_token(asked.secret):
            return identify(asked)  # which asks nobody then
        try:
            async with asyncio.timeout(POOL_SECONDS):
                return await self._pool.run(lambda: identify(asked))
        except TimeoutError:
            return refused(Refusal(Reason.TEMPORARY))

    async def _send(self, asked: Asked, identity: TokenIdentity, body: bytes) -> Answer:
        if len(body) <= READ_ON_THE_LOOP:
            handed = _read_and_hand_over(asked, identity, body)
        else:
            handed = await self._readers.run(lambda: _read_and_hand_over(asked, identity, body))
        if isinstance(handed, Answer):
            return handed
        draft, future = handed
        return answer_of(note(draft, await outcome_of(future)))


def _read_and_hand_over(
    asked: Asked, identity: TokenIdentity, body: bytes
) -> "tuple[Draft, Future[Accepted | Refusal]] | Answer":
    draft = read_draft(asked, identity, body)
    return draft if isinstance(draft, Answer) else (draft, hand_over(draft))


def _refuse_early(scope: Scope, asked: Asked) -> Answer | None:
    """A field that comes twice could mean one thing to a proxy and another one to us."""
    names = [name for name, _ in scope["headers"]]
    if len(set(names)) < len(names) and (twice := next((one for one in _SINGLE if names.count(one) > 1), None)):
        return failure(400, [f"the {twice.decode()} header may be given once only"])
    return refuse_early(asked)


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
