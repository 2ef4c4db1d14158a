"""What a review looks at, and what it finds, as values: gathered by `gathering`, judged by pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Listing:
    """A blocklist's answer about a name; without `answer` it did not say anything in time."""

    name: str
    blocklist: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """A domain that was stopped, of this name or of these owners. `kind`: "suspended" (it or its account, once it had
    been approved) or "rejected"."""

    domain_id: int
    name: str
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One domain in its account; names in A-labels."""

    domain: str
    owner_domains: tuple[str, ...] = ()
    """After the @ of the owners' addresses."""
    website_host: str = ""
    account_age: timedelta = timedelta(days=365)
    account_domains: int = 1
    """Verified ones of the account, this one included."""
    listings: tuple[Listing, ...] = ()
    bans_of_name: tuple[Ban, ...] = ()
    """Under the same registered name, whosever."""
    bans_of_account: tuple[Ban, ...] = ()
    """Other names of the account, and of other accounts of its owners."""
    has_approved_sibling: bool = False
    """Whether the account has an approved domain under the same registered name."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By the question's code; empty before the questionnaire."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found; `detail` fills its sentences."""

    rule: str
    weight: int
    detail: Mapping[str, Any]

    @property
    def stored(self) -> dict[str, Any]:
        """As `ComplianceReview.findings` keeps it."""
        return {"rule": self.rule, "weight": self.weight, "detail": dict(self.detail)}


Found = tuple[str, dict[str, Any]]
"""A rule's code and the details that fill its sentences; the rule book gives it its weight."""
