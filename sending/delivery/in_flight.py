"""The messages that one worker process holds, and the destinations it leaves alone for now. Bounds its memory."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from sending.queue.claim import Claim

MOST_IN_FLIGHT = 400
"""Messages held at once, those for busy destinations left out."""
MOST_OF_A_DESTINATION = 100
"""From here on a destination is busy: nothing more is claimed for it until some are done."""
MOST_HELD = 1_200
"""All messages held at once."""
MOST_BYTES = 128 * 1024 * 1024
"""Of content held at once; a batch more may come."""
MOST_RESTING = 500
"""Destinations known to rest; the mail of others is given back once it is claimed."""


class InFlight:
    """Claims by message, counted by destination, and the bytes of their contents, each counted once."""

    def __init__(self) -> None:
        self._claims: dict[uuid.UUID, Claim] = {}
        self._of: Counter[str] = Counter()
        self._resting: dict[str, datetime] = {}
        self._sharing: dict[uuid.UUID, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._claims)

    def claims(self) -> list[Claim]:
        """All that are held."""
        return list(self._claims.values())

    def add(self, claims: Iterable[Claim]) -> None:
        """Newly leased ones."""
        for claim in claims:
            if claim.message_id in self._claims:
                # Its lease ran out while it was held, and this process was the one to claim it again.
                self.remove([claim.message_id])
            self._claims[claim.message_id] = claim
            self._of[claim.destination] += 1
            sharing = self._sharing.get(claim.content_id, 0)
            self._sharing[claim.content_id] = sharing + 1
            if not sharing:
                self._bytes += claim.size

    def remove(self, message_ids: Iterable[uuid.UUID]) -> None:
        """Those that are done, given back or lost."""
        for message_id in message_ids:
            claim = self._claims.pop(message_id, None)
            if claim is not None:
                self._of[claim.destination] -= 1
                if not self._of[claim.destination]:
                    del self._of[claim.destination]
                self._forget_content(claim)

    def _forget_content(self, claim: Claim) -> None:
        sharing = self._sharing.pop(claim.content_id) - 1
        if sharing:
            self._sharing[claim.content_id] = sharing
        else:
            self._bytes -= claim.size

    def rests(self, destinations: Collection[str], until: datetime) -> None:
        """Nothing is claimed for these until then."""
        for destination in destinations:
            self._resting.pop(destination, None)
            self._resting[destination] = until
        while len(self._resting) > MOST_RESTING:
            del self._resting[next(iter(self._resting))]

    def busy(self, now: datetime) -> set[str]:
        """Destinations to leave alone: those that rest, and those that hold so many messages already that more would
        only wait here instead of in the queue."""
        if self._resting:
            self._resting = {destination: until for destination, until in self._resting.items() if until > now}
        crowded = {destination for destination, count in self._of.items() if count >= MOST_OF_A_DESTINATION}
        return crowded | self._resting.keys()

    def is_full(self, busy: Collection[str]) -> bool:
        """A slow destination does not count against the others, up to bounds of memory."""
        held = len(self._claims)
        if self._bytes >= MOST_BYTES:
            return True
        if held < MOST_IN_FLIGHT:
            return False
        return held - sum(self._of[destination] for destination in busy) >= MOST_IN_FLIGHT or held >= MOST_HELD
