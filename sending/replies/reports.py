"""Mail that reports about our mail: delivery status (RFC 3464), complaints in ARF (RFC 5965), and answering machines.

Whether to believe a report is for others to say: here it is only read. Bounces in no standard form are left to
flufl.bounce, which knows those that mailing lists have met.
"""

import re
from base64 import decodebytes
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail
from enum import StrEnum
from quopri import decodestring

from flufl.bounce import all_failures

from sending.protocol.reply import Reply, ReplyError, parse_reply

MOST_OCTETS = 1024 * 1024
"""Of a report, from its beginning: what it says comes before the copy of the mail that it is about."""
MOST_PARTS = 50
MOST_TEXT = 1000
"""Characters of one field."""


class Kind(StrEnum):
    """What a report says."""

    FAILED = "failed"
    DELAYED = "delayed"
    COMPLAINT = "complaint"
    OTHER = "other"
    """Good news, an answering machine, or what nobody could read."""


@dataclass(frozen=True, slots=True)
class Report:
    """`reply`: what the far server said, as far as the report tells; None where it tells nothing."""

    kind: Kind
    reply: Reply | None = None
    remote_mta: str = ""
    reporting_mta: str = ""
    feedback_type: str = ""
    """Of a complaint: "abuse", "fraud", "virus", "not-spam", "other" …"""


OTHER = Report(Kind.OTHER)


def read_report(content: bytes) -> Report:
    """What the mail reports. Never fails: what cannot be read is OTHER."""
    mail = message_from_bytes(content[:MOST_OCTETS])
    try:
        return _standard(mail) or _old_fashioned(mail)
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        # What the email package and the detectors raise about mail that breaks the rules they rely on.
        return OTHER


def _standard(mail: Mail) -> Report | None:
    """A report in one of the two standard forms, however its outer part calls itself; None for other mail."""
    for number, part in enumerate(mail.walk()):
        if number == MOST_PARTS:
            raise ValueError("no report has so many parts")
        match part.get_content_type():
            case "message/delivery-status" | "message/global-delivery-status":
                return _delivery_status(part)
            case "message/feedback-report":
                return _complaint(part)
    return None


def _old_fashioned(mail: Mail) -> Report:
    if _is_automatic(mail):
        return OTHER
    temporary, permanent = all_failures(mail)
    if permanent:
        return Report(Kind.FAILED, _reply_in(_text_of(mail)))
    return Report(Kind.DELAYED) if temporary else OTHER


def _is_automatic(mail: Mail) -> bool:
    """An answering machine (RFC 3834): it also comes from the recipient, and means that the mail arrived."""
    said = str(mail.get("Auto-Submitted", "")).lower()
    return said.startswith("auto-replied") or "X-Autoreply" in mail or "X-Autorespond" in mail


def _delivery_status(part: Mail) -> Report:
    """The worst that it says; each of our return paths is for one recipient, so it has one group as a rule."""
    about_mail, *recipients = _groups(part) or [Mail()]
    reports = [_of_recipient(group, about_mail) for group in recipients] or [OTHER]
    return min(reports, key=lambda report: list(Kind).index(report.kind))


def _of_recipient(group: Mail, about_mail: Mail) -> Report:
    action = _field(group, "Action").lower()
    kind = {"failed": Kind.FAILED, "delayed": Kind.DELAYED}.get(action, Kind.OTHER)
    return Report(
        kind,
        _diagnosis(group),
        remote_mta=_typed(group, "Remote-MTA").lower(),
        reporting_mta=_typed(about_mail, "Reporting-MTA").lower(),
    )


def _diagnosis(group: Mail) -> Reply | None:
    """The answer in Diagnostic-Code, or one made of Status, which carries the enhanced code alone."""
    said, status = _typed(group, "Diagnostic-Code"), _STATUS.search(_field(group, "Status"))
    reply = _reply_in(said)
    if reply is None and status is not None:
        code = 550 if status[0].startswith("5") else 450
        return Reply(code, status[0], (said,))
    if reply is not None and reply.enhanced is None and status is not None and status[0][0] == str(reply.code)[0]:
        return Reply(reply.code, status[0], reply.lines)
    return reply


def _complaint(part: Mail) -> Report:
    group = (_groups(part) or [Mail()])[0]
    kind = _field(group, "Feedback-Type").lower() or "abuse"
    return Report(
        Kind.OTHER if kind in ("not-spam", "auth-failure", "dmarc") else Kind.COMPLAINT,
        reporting_mta=_typed(group, "Reporting-MTA").lower(),
        feedback_type=kind[:32],
    )


def _groups(part: Mail) -> list[Mail]:
    """The groups of fields of a report part, which the email package reads as messages of their own."""
    payload = part.get_payload()
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if isinstance(payload, list) and encoding not in _DECODERS:
        return [group for group in payload if isinstance(group, Mail)]
    raw = bytes(part).replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    # Some servers encode the part, which RFC 3464 forbids; then nobody has parted its groups yet.
    text = _DECODERS.get(encoding, bytes)(raw).replace(b"\r\n", b"\n")
    return [message_from_bytes(group) for group in text.strip().split(b"\n\n")]


def _field(group: Mail, name: str) -> str:
    return " ".join(str(group.get(name, "")).split())[:MOST_TEXT]


def _typed(group: Mail, name: str) -> str:
    """The value behind "smtp;" or "dns;"."""
    return _field(group, name).partition(";")[2].strip()


def _text_of(mail: Mail) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            return bytes(part.get_payload(decode=True) or b"")[:20_000].decode("utf-8", "replace")
    return ""


def _reply_in(text: str) -> Reply | None:
    """The first SMTP reply that the text quotes."""
    found = _REPLY.search(text)
    if found is None:
        return None
    line = " ".join(text[found.start(1) :].split())[:MOST_TEXT]
    try:
        return parse_reply(f"{line[:3]} {line[4:]}".encode() + b"\r\n")
    except ReplyError:
        return None


_DECODERS = {"base64": decodebytes, "quoted-printable": decodestring}
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} |[#<A-Za-z]))")
