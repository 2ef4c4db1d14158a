"""A mail as SMTP brought it, as a draft: recipients' kinds, control headers, and the fix-ups of RFC 6409."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sending.models import Door, RecipientKind, Stream
from sending.models.identifiers import new_id
from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.protocol.address import AddressError, parse_address, parse_mailboxes, to_ascii_domain
from sending.protocol.message_head import MessageHead, complete_head, join, parse_head, prepend, split
from sending.protocol.mime_headers import decode_words
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.submission.draft import Draft
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


def draft_of(envelope: ReceivedEnvelope, content: bytes, origin: Origin, now: datetime) -> Draft:
    """The draft. What is wrong with it is for the policy to say."""
    raw_head, body = split(content)
    head = parse_head(raw_head)
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
        category=category_of(head),
        custom_variables=variables_of(head),
        smtputf8=envelope.smtputf8,
        submission_id=submission_id,
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


def category_of(head: MessageHead) -> str | None:
    """X-MT-Category; one that is too long is passed over."""
    value = decode_words(head.first("X-MT-Category") or "").strip()
    return value if 0 < len(value) <= MOST_CATEGORY_CHARACTERS and value.isprintable() else None


def variables_of(head: MessageHead) -> dict[str, Any]:
    """X-MT-Custom-Variables, one JSON object in one header; anything else, and what is too long, is passed over."""
    values = head.all("X-MT-Custom-Variables")
    if len(values) != 1 or len(values[0].encode("utf-8", "replace")) > MOST_VARIABLES_BYTES:
        return {}
    try:
        variables = msgspec.json.decode(decode_words(values[0]))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {}
    if not isinstance(variables, dict) or "\\u0000" in values[0]:
        return {}
    return {name: value[:1][0] if isinstance(value, list) and value else value for name, value in variables.items()}


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
