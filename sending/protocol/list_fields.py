"""The fields of bulk mail: List-Unsubscribe with one click (RFC 2369, 8058), Precedence, and Feedback-ID as Gmail reads
it. What the client wrote itself stands, and is not written twice."""

import re

from sending.protocol.message_head import Field
from sending.protocol.recipient_links import Purpose
from sending.protocol.targets import PLACEHOLDER
from sending.protocol.template import Piece, Slot

PURPOSES = {b"unsubscribe": Purpose.UNSUBSCRIBE, b"tracking_opt_out": Purpose.TRACKING_OPT_OUT}
_ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_CATEGORY = 64


def feedback_id(account_id: int, domain_id: int, stream: str, category: str | None) -> str:
    """`category:domain:stream:sender`, the last of 5 to 15 characters and the same in all mail of an account."""
    campaign = _UNFIT.sub("_", category or "")[:_LONGEST_CATEGORY] or "none"
    return f"{campaign}:d{domain_id}:{stream}:a{account_id:06d}"


def list_fields(fields: tuple[Field, ...], feedback: str) -> list[Piece]:
    """What is added below the fields of the client."""
    own = {field.name: field for field in fields}
    added: list[Piece] = []
    unsubscribe = own.get(b"list-unsubscribe")
    if unsubscribe is None:
        added += (b"List-Unsubscribe: <", Slot(Purpose.UNSUBSCRIBE), b">,\r\n <")
        added += (Slot(Purpose.UNSUBSCRIBE, by_mail=True), b">\r\n")
    # Their own address may not take a POST; ours does.
    is_ours = unsubscribe is None or b"__unsubscribe_url__" in unsubscribe.raw
    if is_ours and b"list-unsubscribe-post" not in own:
        added.append(_ONE_CLICK)
    if b"precedence" not in own:
        added.append(b"Precedence: bulk\r\n")
    if b"feedback-id" not in own:
        added.append(b"Feedback-ID: %b\r\n" % feedback.encode("ascii"))
    return added


def filled(head: bytes, fields: tuple[Field, ...]) -> list[Piece]:
    """The head with the placeholders in fields of lists and of the client's own (`List-…`, `X-…`) as slots."""
    if PLACEHOLDER.search(head) is None:
        return [head]
    pieces: list[Piece] = []
    for field in fields:
        if field.name.startswith((b"list-", b"x-")):
            pieces += with_slots(field.raw)
        else:
            pieces.append(field.raw)
    return pieces


def with_slots(octets: bytes) -> list[Piece]:
    """Octets with each placeholder as a slot."""
    pieces: list[Piece] = []
    position = 0
    for found in PLACEHOLDER.finditer(octets):
        pieces += (octets[position : found.start()], Slot(PURPOSES[found[1]]))
        position = found.end()
    return [*pieces, octets[position:]]
