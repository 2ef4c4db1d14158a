"""What DNS said to one question, as a value: shared by the resolver that asks and the pure rooms that judge."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a look-up ended; the last three are failures of the way there and say nothing about the record."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"
    NO_DATA = "no_data"
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"
    REFUSED = "refused"

    @property
    def is_failure(self) -> bool:
        return self in (Outcome.SERVFAIL, Outcome.TIMEOUT, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Answer:
    """`values`: targets and host names in lower case without the final dot, TXT strings joined; `ttl` in seconds."""

    outcome: Outcome
    values: tuple[str, ...] = ()
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """A name server: `name` as people know it (the host of an NS record, or the address itself)."""

    name: str
    address: str
    port: int = 53


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one server. `recursive`: a resolver shall find the answer; else only its own data counts.

    `unchecked` asks a validating resolver to answer though DNSSEC fails (RFC 4035 section 3.2.2, the CD bit).
    """

    server: Server
    name: str
    rdtype: str
    recursive: bool = False
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One server's answer, with what only its message shows. Names are lower case without the final dot.

    `aliases`: where the CNAMEs of the answer lead, step by step. `zone`: the owner of the SOA record, which
    is the apex of the zone (RFC 2308); None where none came. `delegated`: the zone that a referral points to, whose
    servers are `name_servers` with the addresses of `glue`.
    """

    answer: Answer
    is_authoritative: bool = False
    aliases: tuple[str, ...] = ()
    zone: str | None = None
    delegated: str = ""
    name_servers: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    was_truncated: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether the server spoke of its own data: no failure, no referral elsewhere."""
        return self.is_authoritative and not self.answer.outcome.is_failure and not self.delegated
