"""The body of `POST /api/send`, read field by field, so that one answer lists everything that is wrong with it.

The error strings are the contract's where it has one; unknown fields are passed over, nulls and empty lists accepted.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.policy.recipients import MOST_OF_A_KIND
from sending.protocol.address import AddressError, Mailbox, parse_address
from sending.protocol.message_head import MAX_HEAD
from sending.protocol.mime import RESERVED, Attachment

KINDS = ("to", "cc", "bcc")

NOTHING = msgspec.Raw()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for octets that are no JSON, or JSON nested beyond reason."""

MOST_ATTACHMENTS = 1000
MOST_NAME_CHARACTERS = 1000
"""Of an attachment's file name and type."""
_WHITE_SPACE = b" \t\r\n\f\v"

Shape = TypeVar("Shape")


class AddressShape(msgspec.Struct):
    """`{"email": …, "name": …}`"""

    email: str
    name: str | None = None


class AttachmentShape(msgspec.Struct):
    """`content` is base64."""

    content: str
    filename: str
    type: str | None = None
    disposition: str | None = None
    content_id: str | None = None


class SendShape(msgspec.Struct, rename={"from_": "from"}):
    """Every field undecoded: each is read on its own."""

    from_: msgspec.Raw = NOTHING
    to: msgspec.Raw = NOTHING
    cc: msgspec.Raw = NOTHING
    bcc: msgspec.Raw = NOTHING
    reply_to: msgspec.Raw = NOTHING
    subject: msgspec.Raw = NOTHING
    text: msgspec.Raw = NOTHING
    html: msgspec.Raw = NOTHING
    category: msgspec.Raw = NOTHING
    custom_variables: msgspec.Raw = NOTHING
    headers: msgspec.Raw = NOTHING
    attachments: msgspec.Raw = NOTHING
    template_uuid: msgspec.Raw = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
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


def read_mail(body: bytes) -> Mail | list[str]:
    """The mail, or the contract's `errors`."""
    try:
        shape = _SEND.decode(body)
    except _UNREADABLE:
        return ["the request body is not a valid JSON object"]
    if sum(len(bytes(raw)) for raw in _of_the_head(shape)) > MAX_HEAD:
        return [f"addresses, 'subject' and 'headers' are longer than {MAX_HEAD} bytes"]
    errors: list[str] = []
    mail = _read(shape, errors)
    return errors if mail is None or errors else mail


def _of_the_head(shape: SendShape) -> tuple[msgspec.Raw, ...]:
    return shape.from_, shape.to, shape.cc, shape.bcc, shape.reply_to, shape.subject, shape.headers


class _Field(Generic[Shape]):
    """A field by name: its value, None where it is absent or null; what has the wrong type becomes an error."""

    def __init__(self, name: str, shape: Any, error: str = "'{}' is invalid") -> None:
        self._name = name
        self._decoder = msgspec.json.Decoder(shape | None)
        self._error = error.format(name)

    def read(self, raw: msgspec.Raw, errors: list[str]) -> Shape | None:
        if not bytes(raw):
            return None
        try:
            value: Shape | None = self._decoder.decode(raw)
        except _UNREADABLE:
            errors.append(self._error)
            return None
        return value


_SEND = msgspec.json.Decoder(SendShape)
_FROM = _Field[AddressShape]("from", AddressShape)
_RECIPIENTS = {kind: _Field[list[msgspec.Raw]](kind, list[msgspec.Raw]) for kind in KINDS}
_ADDRESS = msgspec.json.Decoder(AddressShape)
_REPLY_TO = _Field[AddressShape]("reply_to", AddressShape)
_SUBJECT = _Field[str]("subject", str)
_TEXT = _Field[str]("text", str)
_HTML = _Field[str]("html", str)
_CATEGORY = _Field[str]("category", str)
_VARIABLES = _Field[dict[str, Any]]("custom_variables", dict[str, Any])
_HEADERS = _Field[dict[str, str]]("headers", dict[str, str])
_ATTACHMENTS = _Field[list[AttachmentShape]]("attachments", list[AttachmentShape])
_TEMPLATE = _Field[str]("template_uuid", str)


def _read(shape: SendShape, errors: list[str]) -> Mail | None:
    if _TEMPLATE.read(shape.template_uuid, errors):
        errors.append("'template_uuid' is not supported")
    from_ = _from(shape, errors)
    before = len(errors)
    recipients = {kind: _recipients(kind, getattr(shape, kind), errors) for kind in KINDS}
    if not any(recipients.values()) and len(errors) == before:
        errors.append("'to', 'cc' or 'bcc' address is required")
    before = len(errors)
    subject = _SUBJECT.read(shape.subject, errors)
    if not subject and len(errors) == before:
        errors.append("'subject' is required")
    before = len(errors)
    text, html = _TEXT.read(shape.text, errors), _HTML.read(shape.html, errors)
    if not text and not html and len(errors) == before:
        errors.append("must specify either text or html body")
    reply_to = _reply_to(shape, errors)
    category = _category(shape, errors)
    variables = _variables(shape, errors)
    headers = _headers(shape, errors)
    attachments = _attachments(shape, errors)
    if from_ is None or subject is None:
        return None
    return Mail(
        from_=from_,
        recipients=recipients,
        reply_to=reply_to,
        subject=subject,
        text=text or None,
        html=html or None,
        category=category,
        custom_variables=variables,
        headers=headers,
        attachments=attachments,
    )


def _from(shape: SendShape, errors: list[str]) -> Mailbox | None:
    before = len(errors)
    value = _FROM.read(shape.from_, errors)
    if value is None:
        if len(errors) == before:
            errors.append("'from' is required")
        return None
    mailbox = _mailbox(value)
    if mailbox is None:
        errors.append("'from' address is invalid")
    return mailbox


def _recipients(kind: str, raw: msgspec.Raw, errors: list[str]) -> tuple[Mailbox, ...]:
    items = _RECIPIENTS[kind].read(raw, errors) or []
    if len(items) > MOST_OF_A_KIND:
        errors.append(f"'{kind}' has more than {MOST_OF_A_KIND} addresses")
        return ()
    mailboxes = []
    for index, item in enumerate(items):
        try:
            mailbox = _mailbox(_ADDRESS.decode(item))
        except _UNREADABLE:
            mailbox = None
        if mailbox is None:
            errors.append(f"address is invalid in '{kind}' {index}")
        else:
            mailboxes.append(mailbox)
    return tuple(mailboxes)


def _mailbox(value: AddressShape) -> Mailbox | None:
    try:
        return Mailbox(value.name or "", parse_address(value.email.strip()))
    except AddressError:
        return None


def _reply_to(shape: SendShape, errors: list[str]) -> tuple[Mailbox, ...]:
    value = _REPLY_TO.read(shape.reply_to, errors)
    if value is None or not (value.email or value.name):
        return ()
    mailbox = _mailbox(value)
    if mailbox is None:
        errors.append("'reply_to' address is invalid")
        return ()
    return (mailbox,)


def _category(shape: SendShape, errors: list[str]) -> str | None:
    value = _CATEGORY.read(shape.category, errors)
    if value and len(value) > MOST_CATEGORY_CHARACTERS:
        errors.append(f"'category' is longer than {MOST_CATEGORY_CHARACTERS} characters")
    return value or None


def _variables(shape: SendShape, errors: list[str]) -> dict[str, Any]:
    """Strings, numbers and booleans; of a list the first element. Other values are refused."""
    if len(bytes(shape.custom_variables)) > MOST_VARIABLES_BYTES:
        errors.append(f"'custom_variables' is longer than {MOST_VARIABLES_BYTES} bytes")
        return {}
    values = _VARIABLES.read(shape.custom_variables, errors) or {}
    firsts = {
        name: (value[0] if value else None) if isinstance(value, list) else value for name, value in values.items()
    }
    if any(isinstance(value, dict | list) for value in firsts.values()):
        errors.append("'custom_variables' is invalid")
        return {}
    return firsts


def _headers(shape: SendShape, errors: list[str]) -> tuple[tuple[str, str], ...]:
    headers = _HEADERS.read(shape.headers, errors) or {}
    for name in headers:
        if name.lower() in RESERVED or name.lower().startswith("x-mt-"):
            errors.append(f"header '{name[:100]}' is not allowed")
    return tuple(headers.items())


def _attachments(shape: SendShape, errors: list[str]) -> tuple[Attachment, ...]:
    attachments = []
    items = _ATTACHMENTS.read(shape.attachments, errors) or []
    if len(items) > MOST_ATTACHMENTS:
        errors.append(f"'attachments' has more than {MOST_ATTACHMENTS} elements")
        return ()
    for index, item in enumerate(items):
        if max(len(item.filename), len(item.type or "")) > MOST_NAME_CHARACTERS:
            errors.append(
                f"'filename' or 'type' is longer than {MOST_NAME_CHARACTERS} characters in 'attachments' {index}"
            )
            continue
        try:
            content = base64.b64decode(item.content.encode().translate(None, _WHITE_SPACE), validate=True)
        except (binascii.Error, ValueError):
            errors.append(f"'content' is not valid base64 in 'attachments' {index}")
            continue
        if item.disposition not in (None, "", "attachment", "inline"):
            errors.append(f"'disposition' is invalid in 'attachments' {index}")
            continue
        attachments.append(
            Attachment(
                filename=item.filename,
                content_type=item.type or "application/octet-stream",
                content=content,
                disposition=item.disposition or "attachment",
                content_id=item.content_id or None,
            )
        )
    return tuple(attachments)
