"""Who a message is for: valid addresses, at least one, at most 1,000 of each kind, in the order to, cc, bcc."""

from collections.abc import Iterable
from dataclasses import dataclass

from sending.models import RecipientKind
from sending.policy.refusal import Reason, Refusal
from sending.protocol.address import AddressError, parse_address

MOST_OF_A_KIND = 1000
_ORDER = (RecipientKind.TO, RecipientKind.CC, RecipientKind.BCC)


@dataclass(frozen=True, slots=True)
class Recipient:
    """`address` as SMTP commands carry it; `domain` is its destination, as A-labels."""

    kind: RecipientKind
    address: str
    domain: str


def read_recipients(named: Iterable[tuple[str, str]]) -> tuple[Recipient, ...] | Refusal:
    """Recipients from (kind, address) pairs, sorted by kind; the order within a kind stays."""
    by_kind: dict[RecipientKind, list[Recipient]] = {kind: [] for kind in _ORDER}
    for kind_name, text in named:
        kind = RecipientKind(kind_name)
        try:
            address = parse_address(text)
        except AddressError:
            return Refusal(Reason.RECIPIENT_INVALID, f"'{kind.value}' {len(by_kind[kind])}")
        by_kind[kind].append(Recipient(kind, address.wire, address.ascii_domain))
    for kind, recipients in by_kind.items():
        if len(recipients) > MOST_OF_A_KIND:
            return Refusal(Reason.RECIPIENTS_TOO_MANY, f"'{kind.value}'")
    return tuple(one for kind in _ORDER for one in by_kind[kind]) or Refusal(Reason.RECIPIENTS_MISSING)
