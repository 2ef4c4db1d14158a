"""A request's body as it comes: within a budget of memory, of which no account has more than a share, and in time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from sending.api.send.answers import Answer, closing, failure
from sending.policy.fault import Fault, FaultCode
from sending.policy.refusal import Reason, Refusal
from sending.protocol.memory import MemoryBudget, MemoryShare

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

COPIES = 2
"""While one octet of a mail is worked on, so many more are held: as composed, as packed."""
ACCOUNTS_SHARE = 4
"""The part of the budget, one in so many, that the bodies of one account may take."""
BODY_SECONDS = 300.0
"""For a whole body, and …"""
LEAST_OCTETS = 65_536
STALL_SECONDS = 60.0
"""… for each so many octets of it."""
REFUSED_SECONDS = 2.0
"""For a body that nobody wants."""


class ClientGone(Exception):
    """The client closed the connection before its request was whole."""


class BodyMemory:
    """What all requests of the process hold."""

    def __init__(self, octets: int) -> None:
        self.whole = MemoryBudget(octets)
        self.accounts: dict[int, MemoryBudget] = {}

    def of(self, account_id: int) -> MemoryBudget:
        """What the requests of one account hold."""
        budget = self.accounts.get(account_id)
        if budget is None:
            budget = self.accounts[account_id] = MemoryBudget(self.whole.octets // ACCOUNTS_SHARE)
        return budget


class BodyShare:
    """What one request holds."""

    def __init__(self, memory: BodyMemory, account_id: int) -> None:
        self._memory = memory
        self._account_id = account_id
        self._whole = MemoryShare(memory.whole)
        self._own = MemoryShare(memory.of(account_id))

    def cover(self, octets: int, work: int = 0) -> bool:
        """Makes room for so many octets of a body, and for those that the work on them takes once all have come."""
        return self._own.cover(octets) and self._whole.cover(octets + work)

    def release(self) -> None:
        """Gives everything back."""
        self._whole.release()
        self._own.release()
        if not self._memory.of(self._account_id).held:
            del self._memory.accounts[self._account_id]


async def read_body(receive: Receive, share: BodyShare, length: int, most: int) -> bytes | Answer:
    """The body, `length` octets or unknown (0) and at most `most`, or why it is not taken. Raises `ClientGone`."""
    if length > most:
        return failure(Refusal(Reason.MESSAGE_TOO_LARGE))
    loop = asyncio.get_running_loop()
    end = loop.time() + BODY_SECONDS
    try:
        async with asyncio.timeout(STALL_SECONDS) as limit:
            return await _read(receive, share, most, lambda: limit.reschedule(min(loop.time() + STALL_SECONDS, end)))
    except TimeoutError:
        return closing(failure(Fault(FaultCode.BODY_TOO_SLOW)))


async def _read(receive: Receive, share: BodyShare, most: int, came: Callable[[], None]) -> bytes | Answer:
    """`came` is called for every `LEAST_OCTETS`."""
    parts: list[bytes] = []
    size, counted, more = 0, 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > most:
            return failure(Refusal(Reason.MESSAGE_TOO_LARGE))
        if not share.cover(size):
            return failure(Refusal(Reason.OVERLOADED))
        parts.append(part)
        if size - counted >= LEAST_OCTETS:
            counted = size
            came()
    return b"".join(parts) if len(parts) != 1 else parts[0]


async def pass_over(receive: Receive) -> bool:
    """Reads a little of a body that nobody wants, so that its client hears why; whether that was all of it.

    Raises `ClientGone`."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(REFUSED_SECONDS):
            while size <= LEAST_OCTETS:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                if not message.get("more_body", False):
                    return True
                size += len(message.get("body", b""))
    return False
