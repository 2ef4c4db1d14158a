"""The sending API on the event loop: thousands of clients may wait for their commit, and none costs a thread.

The loop never asks the database. Bodies are read after the token is known, and within a budget of memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Future
from typing import Any

from accounts.authentication import TokenIdentity, could_be_token, remembered_identity
from accounts.rate_limits import TOKEN, take
from mailtrap_site.database_pool import DatabasePool
from sending.api.send.admission import identify, refuse_beyond, refuse_early
from sending.api.send.answers import Answer, closing, failure, problem_of
from sending.api.send.asked import Asked, Composed
from sending.api.send.batch import Batch, Handed, Result, answer_of_all, read_batch, refusal_of_all, refused, result_of
from sending.api.send.body_limits import most_octets
from sending.api.send.compose import read_draft
from sending.api.send.outcomes import answer_of
from sending.api.send.request_body import COPIES, BodyMemory, BodyShare, ClientGone, pass_over, read_body
from sending.api.send.routes import Kind, Route, route_of
from sending.api.send.suppressed_recipients import suppressed_beside
from sending.policy.fault import Fault, FaultCode
from sending.policy.refusal import Reason, Refusal
from sending.submission import group_commit, sandbox
from sending.submission.submit import Accepted, hand_over, note, outcome_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

READ_ON_THE_LOOP = 65_536
"""Octets of a body; reading and composing more would keep the other clients waiting."""
POOL_THREADS = 8
POOL_SECONDS = 20.0
"""After which a client is asked to try later, whatever the database may be doing."""
READERS = 2
"""Threads for larger bodies and for batches; who only asks for his token does not wait behind them."""
_SINGLE = (b"authorization", b"api-token", b"host", b"content-type", b"content-length", b"idempotency-key")
_ALWAYS = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]


class SendDoor:
    """The ASGI application of what `route_of` knows. `memory_octets` bounds what all requests of the process hold."""

    def __init__(self, memory_octets: int) -> None:
        self._memory = BodyMemory(memory_octets)
        self._pool = DatabasePool(POOL_THREADS, "http-database")
        self._readers = DatabasePool(READERS, "http-readers")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception as exception:
            answer = failure(problem_of(exception))
        headers = [*_ALWAYS, (b"content-length", str(len(answer.content)).encode())]
        allowed = scope["allowance"].headers if "allowance" in scope else ()
        headers += [(name.lower().encode(), value.encode()) for name, value in (*answer.headers, *allowed)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    def close(self) -> None:
        """Writes what is waiting for its commit, and gives the connections back."""
        group_commit.close()
        sandbox.close()
        self._pool.close()
        self._readers.close()

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        route = route_of(scope["path"])
        assert route is not None
        asked, length = _asked(scope, route)
        identity = (
            _refuse_early(scope, asked)
            or remembered_identity(asked.secret, asked.client_ip)
            or await self._identify(asked)
        )
        if not isinstance(identity, Answer):
            scope["allowance"] = take(TOKEN, identity.token_id)
            identity = refuse_beyond(scope["allowance"]) or identity
        if isinstance(identity, Answer):
            return identity if await pass_over(receive) else closing(identity)
        share = BodyShare(self._memory, identity.account_id)
        try:
            body = await read_body(receive, share, length, most_octets(asked.kind, identity.max_message_bytes))
            if isinstance(body, Answer):
                return body
            if asked.kind is Kind.BATCH:
                return await self._send_batch(asked, identity, body, share)
            return await self._send(asked, identity, body, share)
        finally:
            share.release()

    async def _identify(self, asked: Asked) -> TokenIdentity | Answer:
        if not could_be_token(asked.secret):
            return identify(asked)  # which asks nobody then
        try:
            async with asyncio.timeout(POOL_SECONDS):
                return await self._pool.run(lambda: identify(asked))
        except TimeoutError:
            return failure(Refusal(Reason.TEMPORARY))

    async def _send(self, asked: Asked, identity: TokenIdentity, body: bytes, share: BodyShare) -> Answer:
        if not share.cover(len(body), work=len(body) * COPIES):
            return failure(Refusal(Reason.OVERLOADED))
        if len(body) <= READ_ON_THE_LOOP:
            handed = _read_and_hand_over(asked, identity, body)
        else:
            handed = await self._readers.run(lambda: _read_and_hand_over(asked, identity, body))
        if isinstance(handed, Answer):
            return handed
        composed, future = handed
        outcome = note(composed.draft, await outcome_of(future))
        return answer_of(outcome, composed, await suppressed_beside(self._pool, composed, outcome))

    async def _send_batch(self, asked: Asked, identity: TokenIdentity, body: bytes, share: BodyShare) -> Answer:
        if not share.cover(len(body), work=len(body)):
            return failure(Refusal(Reason.OVERLOADED))
        batch = await self._readers.run(lambda: read_batch(asked, identity, body))
        if isinstance(batch, Answer):
            return batch
        if not share.cover(len(body), work=batch.octets_at_once * COPIES):
            return failure(Refusal(Reason.OVERLOADED))
        results: list[Result] = []
        for part in batch.parts:
            results += await self._send_part(batch, part)
            if refusal_of_all(results) is not None:
                break
        return answer_of_all(results)

    async def _send_part(self, batch: Batch, part: range) -> Sequence[Result]:
        """What became of these; a fault must not take the answer from those that were accepted before them."""
        try:
            handed = await self._readers.run(lambda: batch.hand_over(part))
        except Exception as exception:
            return [refused(problem_of(exception))] * len(part)
        return await asyncio.gather(*map(self._result_of, handed))

    async def _result_of(self, handed: Handed | Result) -> Result:
        if isinstance(handed, Result):
            return handed
        outcome = note(handed.composed.draft, await outcome_of(handed.future))
        return result_of(handed, outcome, await suppressed_beside(self._pool, handed.composed, outcome))


def _read_and_hand_over(
    asked: Asked, identity: TokenIdentity, body: bytes
) -> "tuple[Composed, Future[Accepted | Refusal]] | Answer":
    composed = read_draft(asked, identity, body)
    return composed if isinstance(composed, Answer) else (composed, hand_over(composed.draft))


def _refuse_early(scope: Scope, asked: Asked) -> Answer | None:
    """A field that comes twice could mean one thing to a proxy and another one to us."""
    names = [name for name, _ in scope["headers"]]
    if len(set(names)) < len(names) and (twice := next((one for one in _SINGLE if names.count(one) > 1), None)):
        return failure(Fault(FaultCode.HEADER_REPEATED, twice.decode()))
    return refuse_early(asked)


def _asked(scope: Scope, route: Route) -> tuple[Asked, int]:
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
        path_stream=route.stream,
        kind=route.kind,
        sandbox=route.sandbox,
        query=scope.get("query_string", b"").decode("latin-1"),
        idempotency_key=fields.get(b"idempotency-key"),
    )
    return asked, int(length) if length.isdecimal() else 0
