"""The body of `POST /api/send`, and each request of a batch: a mail, or everything that is wrong with it.

The error strings are the contract's where it has one; unknown fields are passed over, nulls and empty lists accepted.
"""

import uuid
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone

from sending.api.send.body.attachments import read_attachments
from sending.api.send.body.fields import NOTHING, UNREADABLE, AddressShape, Field, MailFields, decode, octets_of
from sending.api.send.body.recipients import Report, mailbox_of, read_recipients
from sending.policy.fault import Fault, FaultCode, Problem
from sending.policy.idempotency_key import is_valid_key
from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.policy.refusal import Reason, Refusal
from sending.policy.send_time import read_send_time
from sending.protocol.address import AddressError, Mailbox
from sending.protocol.message_head import MAX_HEAD
from sending.protocol.mime import ADDRESS_FIELDS, RESERVED, Attachment
from sending.submission.draft import Tracking

MOST_VARIABLES_READ = 65_536
"""Octets as they came, white space and escapes included."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid body says; `recipients` by kind."""

    from_: Mailbox
    recipients: dict[str, tuple[Mailbox, ...]]
    reply_to: tuple[Mailbox, ...]
    subject: str
    text: str | None
    html: str | None
    category: str | None
    custom_variables: dict[str, Any]
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    send_at: datetime | None
    tracking: Tracking
    idempotency_key: str | None
    report: Report | None


def read_mail(body: bytes) -> Mail | list[Problem]:
    """The mail, or all that is wrong with it."""
    fields = decode(_MAIL, body)
    return [Fault(FaultCode.JSON_INVALID)] if fields is None else read_fields(fields, len(body))


def read_fields(fields: MailFields, octets: int) -> Mail | list[Problem]:
    """As `read_mail`, for fields of `octets` in all."""
    if octets > MAX_HEAD and octets_of(*_of_the_head(fields)) > MAX_HEAD:
        return [Fault(FaultCode.HEAD_TOO_LARGE)]
    problems: list[Problem] = []
    mail = _read(fields, problems)
    return problems if mail is None or problems else mail


def _of_the_head(fields: MailFields) -> tuple[msgspec.Raw, ...]:
    return fields.from_, fields.to, fields.cc, fields.bcc, fields.reply_to, fields.subject, fields.headers


_MAIL = msgspec.json.Decoder(MailFields)
_FROM = Field[AddressShape]("from", AddressShape)
_REPLY_TO = Field[AddressShape]("reply_to", AddressShape)
_SUBJECT = Field[str]("subject", str)
_TEXT = Field[str]("text", str)
_HTML = Field[str]("html", str)
_CATEGORY = Field[str]("category", str)
_VARIABLES = Field[dict[str, Any]]("custom_variables", dict[str, Any])
_HEADERS = Field[dict[str, str]]("headers", dict[str, str])
_TEMPLATE = Field[str]("template_uuid", str)
_SEND_AT = msgspec.json.Decoder(str | int | None)
_TRACKING = Field[Tracking]("tracking", Tracking)
_KEY = Field[str]("idempotency_key", str)


def _read(fields: MailFields, problems: list[Problem]) -> Mail | None:
    from_ = _from(fields, problems)
    recipients = read_recipients(fields, problems)
    template = _TEMPLATE.read(fields.template_uuid, problems)
    before = len(problems)
    subject = _SUBJECT.read(fields.subject, problems)
    if not subject and not template and len(problems) == before:
        problems.append(Fault(FaultCode.SUBJECT_MISSING))
    before = len(problems)
    text, html = _TEXT.read(fields.text, problems), _HTML.read(fields.html, problems)
    if not (text or html or template) and len(problems) == before:
        problems.append(Fault(FaultCode.CONTENT_MISSING))
    category = _category(fields, problems)
    reply_to = _reply_to(fields, problems)
    variables = _variables(fields, problems)
    headers = _headers(fields, problems)
    attachments = read_attachments(fields.attachments, problems)
    send_at = _send_at(fields.send_at, problems)
    tracking = _TRACKING.read(fields.tracking, problems) or Tracking()
    key = _key(fields, problems)
    if template:
        _refuse_template(template, {"subject": subject, "text": text, "html": html, "category": category}, problems)
    if from_ is None or subject is None:
        return None
    return Mail(
        from_=from_,
        recipients=recipients.by_kind,
        reply_to=reply_to,
        subject=subject,
        text=text or None,
        html=html or None,
        category=category,
        custom_variables=variables,
        headers=headers,
        attachments=attachments,
        send_at=send_at,
        tracking=tracking,
        idempotency_key=key,
        report=recipients.report,
    )


def _from(fields: MailFields, problems: list[Problem]) -> Mailbox | None:
    before = len(problems)
    value = _FROM.read(fields.from_, problems)
    if value is None:
        if len(problems) == before:
            problems.append(Refusal(Reason.FROM_MISSING))
        return None
    try:
        return mailbox_of(value)
    except AddressError:
        problems.append(Fault(FaultCode.ADDRESS_INVALID, "'from'"))
        return None


def _reply_to(fields: MailFields, problems: list[Problem]) -> tuple[Mailbox, ...]:
    value = _REPLY_TO.read(fields.reply_to, problems)
    if value is None or not (value.email or value.name):
        return ()
    try:
        return (mailbox_of(value),)
    except AddressError:
        problems.append(Fault(FaultCode.ADDRESS_INVALID, "'reply_to'"))
        return ()


def _category(fields: MailFields, problems: list[Problem]) -> str | None:
    value = _CATEGORY.read(fields.category, problems)
    if value and len(value) > MOST_CATEGORY_CHARACTERS:
        problems.append(Fault(FaultCode.CATEGORY_TOO_LONG))
    return value or None


def _variables(fields: MailFields, problems: list[Problem]) -> dict[str, Any]:
    """Strings, numbers and booleans; of a list the first element. Other values are refused."""
    raw = fields.custom_variables
    if octets_of(raw) > MOST_VARIABLES_READ:
        problems.append(Fault(FaultCode.VARIABLES_TOO_LONG))
        return {}
    values = _VARIABLES.read(raw, problems)
    if not values:
        return {}
    firsts = {
        name: (value[0] if value else None) if isinstance(value, list) else value for name, value in values.items()
    }
    if any(isinstance(value, dict | list) for value in firsts.values()):
        problems.append(Fault(FaultCode.FIELD_INVALID, "'custom_variables'"))
    # Counted without the white space and the escapes that some encoders add.
    elif octets_of(raw) > MOST_VARIABLES_BYTES and len(msgspec.json.encode(values)) > MOST_VARIABLES_BYTES:
        problems.append(Fault(FaultCode.VARIABLES_TOO_LONG))
    return firsts


def _headers(fields: MailFields, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    headers = _HEADERS.read(fields.headers, problems) or {}
    seen: set[str] = set()
    for name in headers:
        lowered = name.lower()
        # A message has one Reply-To and one Sender (RFC 5322 3.6), in whatever case they are written.
        if lowered in RESERVED or lowered.startswith("x-mt-") or (lowered in ADDRESS_FIELDS and lowered in seen):
            problems.append(Fault(FaultCode.HEADER_NOT_ALLOWED, f"'{name[:100]}'"))
        seen.add(lowered)
    return tuple(headers.items())


def _send_at(raw: msgspec.Raw, problems: list[Problem]) -> datetime | None:
    if raw is NOTHING:
        return None
    try:
        value = _SEND_AT.decode(raw)
    except UNREADABLE:
        value = ""
    moment = None if value is None else read_send_time(value, timezone.now())
    if isinstance(moment, Refusal):
        problems.append(moment)
        return None
    return moment


def _key(fields: MailFields, problems: list[Problem]) -> str | None:
    key = _KEY.read(fields.idempotency_key, problems)
    if key is not None and not is_valid_key(key):
        problems.append(Refusal(Reason.IDEMPOTENCY_KEY_INVALID))
    return key


def _refuse_template(template: str, beside: dict[str, str | None], problems: list[Problem]) -> None:
    """What may not stand beside a template comes first: it is to be mended in any case."""
    before = len(problems)
    if not _is_uuid(template):
        problems.append(Fault(FaultCode.FIELD_INVALID, "'template_uuid'"))
    problems += (Fault(FaultCode.TEMPLATE_EXCLUDES, f"'{name}'") for name, value in beside.items() if value)
    if len(problems) == before:
        problems.append(Fault(FaultCode.TEMPLATE_NOT_SUPPORTED))


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
