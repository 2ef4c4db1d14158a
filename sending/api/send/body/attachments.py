"""The attachments of a mail in JSON."""

import base64
import binascii

import msgspec

from sending.api.send.body.fields import Field
from sending.policy.fault import MOST_ATTACHMENTS, MOST_NAME_CHARACTERS, Fault, FaultCode, Problem
from sending.protocol.mime import Attachment

_WHITE_SPACE = b" \t\r\n\f\v"


class AttachmentShape(msgspec.Struct):
    """`content` is base64."""

    content: str
    filename: str
    type: str | None = None
    disposition: str | None = None
    content_id: str | None = None


_ATTACHMENTS = Field[list[AttachmentShape]]("attachments", list[AttachmentShape])


def read_attachments(raw: msgspec.Raw, problems: list[Problem]) -> tuple[Attachment, ...]:
    """The attachments, decoded; what is wrong with one becomes a problem that names its position."""
    items = _ATTACHMENTS.read(raw, problems) or []
    if len(items) > MOST_ATTACHMENTS:
        problems.append(Fault(FaultCode.ATTACHMENTS_TOO_MANY))
        return ()
    attachments = []
    for index, item in enumerate(items):
        read = _read(item)
        if isinstance(read, FaultCode):
            problems.append(Fault(read, str(index)))
        else:
            attachments.append(read)
    return tuple(attachments)


def _read(item: AttachmentShape) -> Attachment | FaultCode:
    if max(len(item.filename), len(item.type or "")) > MOST_NAME_CHARACTERS:
        return FaultCode.ATTACHMENT_NAME_TOO_LONG
    try:
        content = base64.b64decode(item.content.encode().translate(None, _WHITE_SPACE), validate=True)
    except (binascii.Error, ValueError):
        return FaultCode.ATTACHMENT_NOT_BASE64
    if item.disposition not in (None, "", "attachment", "inline"):
        return FaultCode.ATTACHMENT_DISPOSITION_INVALID
    return Attachment(
        filename=item.filename,
        content_type=item.type or "application/octet-stream",
        content=content,
        disposition=item.disposition or "attachment",
        content_id=item.content_id or None,
    )
