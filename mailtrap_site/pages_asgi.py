"""Django's pages behind the event loop. A thread is taken only once a request has come, and no client keeps it waiting.

While a form is still coming its client costs a little memory; only what is larger than forms are is read in the thread.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

READ_FIRST = 65_536
"""Octets of a body."""
READ_SECONDS = 30.0
"""For those octets, and for each further piece."""
WRITE_SECONDS = 30.0
"""For a client to take a piece of an answer."""
_TOO_SLOW = (
    {"type": "http.response.start", "status": 408, "headers": [(b"connection", b"close"), (b"content-length", b"0")]},
    {"type": "http.response.body", "body": b""},
)


class PageDoor:
    """The ASGI application around a WSGI one that runs in so many threads."""

    def __init__(self, wsgi: Any, threads: int) -> None:
        self._pages: Any = WSGIMiddleware(wsgi, workers=threads)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                first = await _first(receive)
        except TimeoutError:
            for message in _TOO_SLOW:
                await send(message)
            return
        if first is not None:
            await self._pages(scope, _receiving(first, receive), _sending(send))


async def _first(receive: Receive) -> Message | None:
    """What came first, as one message; None where the client is gone before its request was whole."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False) or len(body) >= READ_FIRST:
            return {**message, "body": bytes(body)}


def _receiving(first: Message, receive: Receive) -> Callable[[], Coroutine[Any, Any, Message]]:
    """`first`, then what follows it, as coroutines, which the bridge to the threads wants.

    Raises OSError, by which Django knows a body that cannot be read."""
    waiting = [first]

    async def call() -> Message:
        if waiting:
            return waiting.pop()
        async with asyncio.timeout(READ_SECONDS):
            message = await receive()
        if message["type"] == "http.disconnect":
            # Else the part that came would pass for the whole.
            raise ConnectionResetError("the client is gone")
        return message

    return call


def _sending(send: Send) -> Callable[[Message], Coroutine[Any, Any, None]]:
    """Sends until the client takes too long, then drops the rest: the thread must come to its end."""
    is_gone = False

    async def call(message: Message) -> None:
        nonlocal is_gone
        if is_gone:
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await send(message)
        except TimeoutError:
            is_gone = True

    return call
