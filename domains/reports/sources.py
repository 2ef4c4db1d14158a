"""What kind of source an address is, judged by what receivers reported about its mail. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

PASSES = 0.98
FAILS = 0.5
FORWARDING = frozenset({"forwarded", "mailing_list", "trusted_forwarder"})
"""Reasons by which a receiver says that the mail only came by that way (RFC 7489 appendix C)."""


def share_of(part: int, whole: int) -> float | None:
    """In tenths of a percent, rounded down: 100 % is said of all, never of nearly all. None of nothing."""
    return part * 1000 // whole / 1000 if whole else None


class SourceKind(StrEnum):
    """As one word of explanation needs it."""

    OURS = "ours"
    """One of the addresses that this service sends from."""
    FORWARDED = "forwarded"
    """Passes by a signature of ours, from an address that is not ours: somebody passed the mail on."""
    ALTERED = "altered"
    """Fails, and receivers call it a forwarder or a mailing list: what is passed on was changed on the way."""
    SERVICE = "service"
    """Another sender that authenticates as the domain."""
    PARTLY = "partly"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Source:
    """The mail of one address within a period. `signers` are the domains whose DKIM signatures passed."""

    address: str
    emails: int
    passed: int
    dkim: int
    spf: int
    quarantined: int = 0
    rejected: int = 0
    signers: tuple[str, ...] = ()
    kind: SourceKind = SourceKind.FAILING

    @property
    def share(self) -> float:
        """Of its mail that passed; an address without mail has failed at nothing."""
        share = share_of(self.passed, self.emails)
        return 1.0 if share is None else share

    @property
    def failed(self) -> int:
        return self.emails - self.passed

    @property
    def is_trouble(self) -> bool:
        """Whether its owner has to do something, if it is the domain's own."""
        return self.kind in (SourceKind.FAILING, SourceKind.PARTLY) or (
            self.kind is SourceKind.OURS and self.share < PASSES
        )


def kind_of(
    address: str, share: float, *, ours: Collection[str], signed_by_us: bool, reasons: Collection[str]
) -> SourceKind:
    """`signed_by_us`: one of its mails passed with a key of ours."""
    if address in ours:
        return SourceKind.OURS
    if share >= PASSES:
        return SourceKind.FORWARDED if signed_by_us else SourceKind.SERVICE
    if FORWARDING & set(reasons):
        return SourceKind.ALTERED
    return SourceKind.PARTLY if share >= FAILS else SourceKind.FAILING
