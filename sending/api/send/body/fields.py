"""The fields of a mail in JSON, each read on its own, so that one answer lists everything that is wrong."""

from typing import Any, Generic, TypeVar

import msgspec

from sending.api.send.body.half_surrogates import mend
from sending.policy.fault import Fault, FaultCode, Problem

NOTHING = msgspec.Raw()
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for octets that are no JSON, or JSON nested beyond reason."""

Shape = TypeVar("Shape")


class MailFields(msgspec.Struct, rename={"from_": "from"}):
    """What a mail may say; unknown fields are passed over."""

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
    send_at: msgspec.Raw = NOTHING
    tracking: msgspec.Raw = NOTHING
    idempotency_key: msgspec.Raw = NOTHING
    report_recipients: msgspec.Raw = NOTHING


class AddressShape(msgspec.Struct):
    """`{"email": …, "name": …}`"""

    email: str
    name: str | None = None


class Field(Generic[Shape]):
    """A field by name: its value, None where it is absent or null; what has the wrong type becomes a problem."""

    def __init__(self, name: str, shape: Any) -> None:
        self._decoder = msgspec.json.Decoder(shape | None)
        self._fault = Fault(FaultCode.FIELD_INVALID, f"'{name}'")

    def read(self, raw: msgspec.Raw, problems: list[Problem]) -> Shape | None:
        if raw is NOTHING:
            return None
        try:
            value: Shape | None = self._decoder.decode(raw)
        except UNREADABLE:
            problems.append(self._fault)
            return None
        return value


def is_given(raw: msgspec.Raw) -> bool:
    """Whether the field is there, and not null."""
    return raw is not NOTHING and (octets_of(raw) != len(b"null") or bytes(raw) != b"null")


def octets_of(*raws: msgspec.Raw) -> int:
    """The length of the fields as they came."""
    return sum(memoryview(raw).nbytes for raw in raws)


def decode(decoder: "msgspec.json.Decoder[Shape]", body: bytes) -> Shape | None:
    """What the body holds; None where it is not that. Half a surrogate pair is no reason to refuse a mail, and the
    others of its batch."""
    try:
        return decoder.decode(body)
    except UNREADABLE:
        pass
    try:
        return decoder.decode(mend(body))
    except UNREADABLE:
        return None
