"""What the doctor saw of one record, as plain values: each server's answer, and what stands around the name."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domains.answers import Answer, Reply, Server
from domains.records import ExpectedRecord


class Kind(StrEnum):
    """Who answered: a server of the zone itself, whose word counts, or a resolver, which may remember an old one."""

    AUTHORITATIVE = "authoritative"
    RESOLVER = "resolver"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One server's answer to the question for a record."""

    asked: Server
    kind: Kind
    reply: Reply

    @property
    def counts(self) -> bool:
        """Whether it says something about the record."""
        if self.kind is Kind.AUTHORITATIVE:
            return self.reply.is_usable
        return not self.reply.answer.outcome.is_failure and not self.reply.delegated

    def as_json(self) -> dict[str, Any]:
        """As `DnsRecord.seen` keeps it."""
        answer = self.reply.answer
        return {
            "server": self.asked.name,
            "kind": str(self.kind),
            "outcome": str(answer.outcome),
            "values": list(answer.values),
            "ttl": answer.ttl,
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a second look found round a record that does not stand; None and empty: not asked, or nothing there.

    `others` are (type, value) pairs at its own name, `strays` those at a random name beside it. `chain` is where the
    CNAME leads, step by step. `parent` is the zone above, `inherited` what stands at the organisation's domain,
    `inherited_from`.
    """

    doubled: Answer | None = None
    on_parent: Answer | None = None
    parent: str = ""
    inherited: Answer | None = None
    inherited_from: str = ""
    others: tuple[tuple[str, str], ...] = ()
    strays: tuple[tuple[str, str], ...] = ()
    chain: tuple[str, ...] = ()
    unchecked: Answer | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One record with all that was seen of it."""

    expected: ExpectedRecord
    sightings: tuple[Sighting, ...] = ()
    surroundings: Surroundings = Surroundings()

    def of_kind(self, kind: Kind) -> list[Sighting]:
        """The sightings of one kind that count."""
        return [sighting for sighting in self.sightings if sighting.kind is kind and sighting.counts]

    def deciding(self) -> list[Sighting]:
        """The authoritative servers decide; where none of them could be asked, the resolvers do."""
        return self.of_kind(Kind.AUTHORITATIVE) or self.of_kind(Kind.RESOLVER)

    def with_surroundings(self, **changes: Any) -> "Observation":
        return replace(self, surroundings=replace(self.surroundings, **changes))
