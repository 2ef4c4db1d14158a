"""The recipients of a mail in JSON: valid addresses, and those that the client wants left out rather than refused."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from sending.api.send.body.fields import NOTHING, UNREADABLE, AddressShape, Field, MailFields
from sending.policy.fault import FaultCode, Problem
from sending.policy.recipients import MOST_OF_A_KIND
from sending.policy.refusal import Reason, Refusal
from sending.protocol.address import AddressError, Mailbox, parse_address

KINDS = ("to", "cc", "bcc")

_LISTS = {kind: Field[list[msgspec.Raw]](kind, list[msgspec.Raw]) for kind in KINDS}
_ADDRESS = msgspec.json.Decoder(AddressShape)
_REPORT = Field[bool]("report_recipients", bool)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An element that is no valid address, and the code of what is wrong; `email` is None where it names none."""

    email: str | None
    reason: str


Report = Mapping[str, tuple[Mailbox | LeftOut, ...]]
"""By kind, all that the request names."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """The valid ones by kind; `report` is None unless the client asked for one."""

    by_kind: dict[str, tuple[Mailbox, ...]]
    report: Report | None


def read_recipients(fields: MailFields, problems: list[Problem]) -> Recipients:
    """Invalid addresses are problems, unless a report is asked for and others are left."""
    wants_report = bool(_REPORT.read(fields.report_recipients, problems))
    before = len(problems)
    named: dict[str, tuple[Mailbox | LeftOut, ...]] = {"to": (), "cc": (), "bcc": ()}
    valid: dict[str, tuple[Mailbox, ...]] = {"to": (), "cc": (), "bcc": ()}
    invalid: list[Problem] = []
    for kind in KINDS:
        raw = getattr(fields, kind)
        if raw is not NOTHING:
            named[kind] = _named(kind, raw, problems)
            valid[kind] = tuple(one for one in named[kind] if isinstance(one, Mailbox))
            if len(valid[kind]) < len(named[kind]):
                invalid += _invalid(kind, named[kind])
    has_some = any(valid.values())
    if invalid and not (wants_report and has_some):
        problems += invalid
    if not has_some and len(problems) == before:
        problems.append(Refusal(Reason.RECIPIENTS_MISSING))
    return Recipients(valid, named if wants_report else None)


def mailbox_of(value: AddressShape) -> Mailbox:
    """Raises AddressError."""
    return Mailbox(value.name or "", parse_address(value.email.strip()))


def _named(kind: str, raw: msgspec.Raw, problems: list[Problem]) -> tuple[Mailbox | LeftOut, ...]:
    items = _LISTS[kind].read(raw, problems) or []
    if len(items) > MOST_OF_A_KIND:
        problems.append(Refusal(Reason.RECIPIENTS_TOO_MANY, f"'{kind}'"))
        return ()
    return tuple(map(_one, items))


def _invalid(kind: str, named: tuple[Mailbox | LeftOut, ...]) -> list[Problem]:
    return [
        Refusal(Reason.RECIPIENT_INVALID, f"'{kind}' {index}")
        for index, one in enumerate(named)
        if isinstance(one, LeftOut)
    ]


def _one(item: msgspec.Raw) -> Mailbox | LeftOut:
    email = None
    try:
        value = _ADDRESS.decode(item)
        email = value.email
        return mailbox_of(value)
    except UNREADABLE:
        return LeftOut(email, FaultCode.FIELD_INVALID.value)
    except AddressError as error:
        return LeftOut(email, error.reason.value)
