"""A mail as SMTP brought it, as a draft: recipients' kinds, controls, and the fix-ups of RFC 6409."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sending.models import Door, RecipientKind, Stream
from sending.models.identifiers import new_id
from sending.policy.idempotency_key import fingerprint
from sending.policy.refusal import Refusal
from sending.protocol.address import AddressError, parse_address, parse_mailboxes, to_ascii_domain
from sending.protocol.message_head import MessageHead, complete_head, join, parse_head, prepend, split
from sending.protocol.mime_headers import decode_words
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.submission.draft import Draft, Idempotency
from sending.submission.smtp_controls import read_controls
from sending.submission.trace import received


@dataclass(frozen=True, slots=True)
class Origin:
    """Who handed it over, and over what. `hostname` is ours; `protocol` as RFC 3848 spells it."""

    account_id: int
    token_id: int
    stream: Stream
    client_ip: str
    hostname: str
    protocol: str
    tls: str | None
    sandbox_id: int | None = None


def draft_of(envelope: ReceivedEnvelope, content: bytes, origin: Origin, now: datetime) -> Draft | Refusal:
    """The draft, or which control header cannot be followed. What else is wrong with it is for the policy to say."""
    raw_head, body = split(content)
    head = parse_head(raw_head)
    controls = read_controls(head, now)
    if isinstance(controls, Refusal):
        return controls
    submission_id = new_id()
    message_id = f"<{submission_id}@{_message_id_domain(envelope, origin)}>"
    completed = complete_head(head, date=now, message_id=message_id)
    trace = received(
        by=origin.hostname, protocol=origin.protocol, submission_id=submission_id, tls=origin.tls, date=now
    )
    message = join(prepend(completed, trace), body)
    return Draft(
        account_id=origin.account_id,
        token_id=origin.token_id,
        stream=origin.stream,
        door=Door.SMTP,
        client_ip=origin.client_ip,
        mail_from=envelope.reverse_path.address,
        recipients=recipients_of([path.address for path in envelope.recipients], head),
        message=message,
        added_bytes=max(len(message) - len(content), 0),
        category=controls.category,
        custom_variables=controls.custom_variables,
        smtputf8=envelope.smtputf8,
        submission_id=submission_id,
        send_at=controls.send_at,
        tracking=controls.tracking,
        idempotency=_idempotency(controls.idempotency_key, envelope, head, origin),
        sandbox_id=origin.sandbox_id,
    )


def recipients_of(addresses: list[str], head: MessageHead) -> tuple[tuple[str, str], ...]:
    """(kind, address) of each RCPT: to or cc where the header names it, each mention used once; else bcc."""
    named = {kind: _named(head.all(kind.value)) for kind in (RecipientKind.TO, RecipientKind.CC)}
    result = []
    for address in addresses:
        key = _comparable(address)
        kind = next((kind for kind, keys in named.items() if keys[key] > 0), RecipientKind.BCC)
        if kind is not RecipientKind.BCC:
            named[kind][key] -= 1
        result.append((kind.value, address))
    return tuple(result)


def _idempotency(key: str | None, envelope: ReceivedEnvelope, head: MessageHead, origin: Origin) -> Idempotency | None:
    """A client that tries again composes the mail anew, with another Date, Message-ID and boundaries; so a key stands
    for what stays the same: stream, sender, recipients and subject."""
    if key is None:
        return None
    subject = decode_words(head.first("Subject") or "")
    recipients = sorted(_comparable(path.address) for path in envelope.recipients)
    return Idempotency(
        key, fingerprint("smtp", origin.stream.value, envelope.reverse_path.address, subject, *recipients)
    )


def _message_id_domain(envelope: ReceivedEnvelope, origin: Origin) -> str:
    try:
        return to_ascii_domain(envelope.reverse_path.domain)
    except AddressError:
        return origin.hostname


def _named(values: list[str]) -> Counter[str]:
    """The addresses of a header. One that cannot be read names nobody: its recipients count as blind copies."""
    found: Counter[str] = Counter()
    for value in values:
        try:
            found.update(mailbox.address.comparable for mailbox in parse_mailboxes(value))
        except AddressError:
            continue
    return found


def _comparable(address: str) -> str:
    try:
        return parse_address(address).comparable
    except AddressError:
        return address
