"""The octets of message content that the sessions of one process may hold at a time."""

import sys

STEP = 32_768
"""Octets; a share grows by multiples of this."""


class MemoryBudget:
    """What all sessions share. `held` of `octets` are taken."""

    def __init__(self, octets: int = sys.maxsize) -> None:
        self.octets = octets
        self.held = 0


class MemoryShare:
    """What one mail transaction has taken of the budget."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.octets = 0

    def cover(self, octets: int) -> bool:
        """Makes the share at least as large, in steps; False where the budget has no room, and nothing changes."""
        if octets <= self.octets:
            return True
        more = -(-(octets - self.octets) // STEP) * STEP
        if self._budget.held + more > self._budget.octets:
            return False
        self._budget.held += more
        self.octets += more
        return True

    def release(self) -> None:
        """Gives everything back."""
        self._budget.held -= self.octets
        self.octets = 0
