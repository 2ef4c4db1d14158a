"""A whole message (RFC 5322) as body of `POST /api/send`: taken as SMTP takes it, its control headers included."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qs

from django.conf import settings
from django.utils import timezone

from accounts.authentication import TokenIdentity
from sending.api.send.asked import Asked, Composed
from sending.api.send.body.recipients import KINDS
from sending.models import Door
from sending.policy.fault import Fault, FaultCode, Problem
from sending.policy.recipients import MOST_OF_A_KIND
from sending.policy.refusal import Reason, Refusal
from sending.protocol.address import AddressError, parse_address, parse_mailboxes
from sending.protocol.message_head import MessageHead, head_is_too_long, parse_head, split
from sending.protocol.smtp_data import content_refusal
from sending.protocol.smtp_path import Path, PathError
from sending.protocol.smtp_path import parse_address as path_of
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.protocol.smtp_server_replies import HEAD_TOO_LONG
from sending.submission.smtp_draft import Origin, draft_of

CONTENT_TYPE = "message/rfc822"


def read_raw(asked: Asked, identity: TokenIdentity, body: bytes) -> Composed | Problem:
    """The message as draft. Its recipients are those of the query (`to=`, once each), else those of To, Cc and Bcc."""
    content = with_crlf(body)
    refusal = content_refusal(content) or (HEAD_TOO_LONG if head_is_too_long(content) else None)
    if refusal is not None:
        return Fault(FaultCode.MESSAGE_MALFORMED, refusal.text)
    head = parse_head(split(content)[0])
    author = _author(head)
    if isinstance(author, Refusal):
        return author
    asked_for = parse_qs(asked.query).get("to")
    recipients = _from_head(head) if asked_for is None else _from_query(asked_for)
    if isinstance(recipients, Refusal):
        return recipients
    origin = Origin(
        account_id=identity.account_id,
        token_id=identity.token_id,
        stream=asked.stream,
        client_ip=asked.client_ip,
        hostname=f"send.{settings.PLATFORM_DOMAIN}",
        protocol="HTTP",
        tls=None,
    )
    draft = draft_of(ReceivedEnvelope(author, recipients, smtputf8=True), content, origin, timezone.now())
    if isinstance(draft, Refusal):
        return draft
    idempotency = asked.idempotency("raw", asked.query.encode(), body) or draft.idempotency
    return Composed(replace(draft, door=Door.API, idempotency=idempotency))


def with_crlf(body: bytes) -> bytes:
    """Each line end as CRLF, the last line's too; a CR that ends no line stays, to be refused."""
    content = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _author(head: MessageHead) -> Path | Refusal:
    """The reverse-path, which the author's address stands for."""
    value = head.first("From")
    if value is None:
        return Refusal(Reason.FROM_MISSING)
    try:
        return path_of(parse_mailboxes(value)[0].address.wire)
    except (AddressError, PathError, IndexError):
        return Refusal(Reason.FROM_MALFORMED)


def _from_head(head: MessageHead) -> tuple[Path, ...] | Refusal:
    paths: list[Path] = []
    for kind in KINDS:
        for value in head.all(kind):
            try:
                paths += (path_of(one.address.wire) for one in parse_mailboxes(value))
            except (AddressError, PathError):
                return Refusal(Reason.RECIPIENT_INVALID, f"'{kind}'")
    return tuple(paths)


def _from_query(addresses: Iterable[str]) -> tuple[Path, ...] | Refusal:
    paths: list[Path] = []
    for index, address in enumerate(addresses):
        if index == MOST_OF_A_KIND:
            return Refusal(Reason.RECIPIENTS_TOO_MANY, "'to'")
        try:
            paths.append(path_of(parse_address(address.strip()).wire))
        except (AddressError, PathError):
            return Refusal(Reason.RECIPIENT_INVALID, f"'to' {index}")
    return tuple(paths)
