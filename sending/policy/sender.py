"""Who a message is from: every mailbox of From, the reverse-path and Sender must be of one domain (RFC 5322 3.6.2)."""

from dataclasses import dataclass

from sending.policy.refusal import Reason, Refusal
from sending.protocol.address import Address, AddressError, Mailbox, parse_address, parse_mailboxes
from sending.protocol.message_head import MessageHead
from sending.protocol.mime_headers import decode_words


@dataclass(frozen=True, slots=True)
class Sender:
    """`domain` is the one that must be verified, as A-labels; `header` is From as people read it."""

    domain: str
    address: str
    header: str


def read_sender(head: MessageHead, reverse_path: str) -> Sender | Refusal:
    """The one domain of a message, or why it has none. Reply-To is free and not looked at."""
    path = _reverse_path(reverse_path)
    if isinstance(path, Refusal):
        return path
    values = head.all("From")
    if len(values) != 1:
        return Refusal(Reason.FROM_SEVERAL if values else Reason.FROM_MISSING)
    authors = _mailboxes(values[0])
    if not authors:
        return Refusal(Reason.FROM_MALFORMED)
    if any(author.address.ascii_domain != path.ascii_domain for author in authors):
        return Refusal(Reason.FROM_MISMATCH)
    if not _sender_fits(head.all("Sender"), path.ascii_domain):
        return Refusal(Reason.SENDER_MISMATCH)
    return Sender(path.ascii_domain, authors[0].address.wire, decode_words(values[0]))


def _reverse_path(text: str) -> Address | Refusal:
    if not text:
        return Refusal(Reason.REVERSE_PATH_EMPTY)
    try:
        return parse_address(text)
    except AddressError:
        return Refusal(Reason.FROM_MALFORMED)


def _mailboxes(value: str) -> list[Mailbox]:
    try:
        return parse_mailboxes(value)
    except AddressError:
        return []


def _sender_fits(values: list[str], domain: str) -> bool:
    if not values:
        return True
    mailboxes = _mailboxes(values[0])
    return len(values) == 1 and len(mailboxes) == 1 and mailboxes[0].address.ascii_domain == domain
