"""What the benchmark knows of a mail server under test."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Login:
    """What one session of the generator says: from which of our addresses, as whom, for which domain of From."""

    source: str
    username: str
    password: str
    domain: str


@dataclass(frozen=True, slots=True)
class Tls:
    """The one certificate of all servers: P-256, since its kind would decide the cost of a connection."""

    certificate: Path
    key: Path


class Peer(Protocol):
    """A running server that takes mail on 127.0.0.1:`port` and hands all of it to the sink."""

    name: str
    port: int
    settings: str
    """What was set for the benchmark, for the reader."""

    def logins(self, sessions: int) -> list[Login]:
        """One for each session."""

    def roots(self) -> Sequence[int]:
        """Process ids whose trees are all of its processes."""

    def role(self, words: Sequence[str]) -> str:
        """What a process with this command line does."""

    def before_round(self) -> None:
        """Called before each round, outside of what is measured."""

    def unfinished(self) -> int:
        """Mails that are not done with, by its own books."""
