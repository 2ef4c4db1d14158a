"""The files in which services export their suppressions, told apart by the heads of their columns. Pure.

Ours is that of Mailtrap. Heads are compared in lower case without spaces, hyphens and underscores. What each format
means by its lines: Mailtrap (email, type, sending_stream, domain_name, created_at), SendGrid (bounces, invalid
addresses, unsubscriptions and spam reports, a file each), Postmark (EmailAddress, SuppressionReason, Origin, CreatedAt)
and Mailgun (bounces, complaints and unsubscriptions, a file each).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

HARD_BOUNCE, UNSUBSCRIPTION = "hard bounce", "unsubscription"
SPAM_COMPLAINT, MANUAL_IMPORT = "spam complaint", "manual import"


class Column(StrEnum):
    """What a column says about an address."""

    ADDRESS = "address"
    TYPE = "type"
    ORIGIN = "origin"
    STREAM = "stream"
    DOMAIN = "domain"
    CREATED_AT = "created_at"
    CATEGORY = "bounce_category"
    CODE = "response_code"
    RESPONSE = "response"


HEADS: dict[str, Column] = {
    "email": Column.ADDRESS,
    "emailaddress": Column.ADDRESS,
    "address": Column.ADDRESS,
    "recipient": Column.ADDRESS,
    "type": Column.TYPE,
    "suppressionreason": Column.TYPE,
    "origin": Column.ORIGIN,
    "sendingstream": Column.STREAM,
    "stream": Column.STREAM,
    "messagestream": Column.STREAM,
    "domainname": Column.DOMAIN,
    "domain": Column.DOMAIN,
    "sendingdomain": Column.DOMAIN,
    "createdat": Column.CREATED_AT,
    "created": Column.CREATED_AT,
    "date": Column.CREATED_AT,
    "timestamp": Column.CREATED_AT,
    "bouncecategory": Column.CATEGORY,
    "messagebouncecategory": Column.CATEGORY,
    "responsecode": Column.CODE,
    "code": Column.CODE,
    "response": Column.RESPONSE,
    "messageespresponse": Column.RESPONSE,
    "reason": Column.RESPONSE,
    "error": Column.RESPONSE,
}
TYPES: dict[str, str] = {
    **dict.fromkeys(["hardbounce", "bounce", "bounced", "invalid", "invalidemail"], HARD_BOUNCE),
    **dict.fromkeys(["unsubscription", "unsubscribe", "unsubscribed", "optout"], UNSUBSCRIPTION),
    **dict.fromkeys(["spamcomplaint", "spam", "complaint", "spamreport", "abuse"], SPAM_COMPLAINT),
    **dict.fromkeys(["manualimport", "manual", "manualsuppression", "imported"], MANUAL_IMPORT),
}
STREAMS: dict[str, str] = {
    **dict.fromkeys(["transactional", "outbound"], "transactional"),
    **dict.fromkeys(["bulk", "broadcast", "broadcasts"], "bulk"),
    "any": "any",
}


@dataclass(frozen=True, slots=True)
class Format:
    """Whose file it is, where its columns stand, and the type of lines that name none (empty: what the form chose)."""

    name: str
    columns: Mapping[Column, int] = field(default_factory=dict)
    type: str = ""
    has_heads: bool = True


_PLAIN = Format("list", {Column.ADDRESS: 0}, has_heads=False)
_BY_HEADS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("Postmark", frozenset({"emailaddress", "suppressionreason"}), ""),
    ("Mailtrap", frozenset({"email", "type"}), ""),
    ("Mailgun", frozenset({"address", "code", "error"}), HARD_BOUNCE),
    ("Mailgun", frozenset({"address", "tags"}), UNSUBSCRIPTION),
    ("Mailgun", frozenset({"address", "createdat"}), SPAM_COMPLAINT),
    ("SendGrid", frozenset({"email", "created", "reason"}), HARD_BOUNCE),
    ("SendGrid", frozenset({"email", "created", "ip"}), SPAM_COMPLAINT),
    ("SendGrid", frozenset({"email", "created"}), UNSUBSCRIPTION),
    ("SendGrid", frozenset({"email", "reason"}), HARD_BOUNCE),
)
"""The first whose heads are all there."""


def plain(word: str) -> str:
    """A head or a value as the tables above have it.

    >>> plain(" Email_Address "), plain("Hard bounce")
    ('emailaddress', 'hardbounce')
    """
    return "".join(sign for sign in word.lower() if sign.isalnum())


def format_of(first: Sequence[str]) -> Format | None:
    """What the first record of a file says about the rest: its heads, or already an address. None for neither."""
    heads = [plain(cell) for cell in first]
    columns: dict[Column, int] = {}
    for place, head in enumerate(heads):
        if head in HEADS:
            columns.setdefault(HEADS[head], place)
    if Column.ADDRESS not in columns:
        return _PLAIN if first and "@" in first[0] else None
    for name, needed, kind in _BY_HEADS:
        if needed <= set(heads):
            return Format(name, columns, kind)
    return Format("list", columns)


def type_of(word: str, origin: str) -> str | None:
    """The contract's type for a file's word; None for one that is not known. Postmark calls it manual as well where
    the recipient followed an unsubscribe link."""
    kind = TYPES.get(plain(word))
    return UNSUBSCRIPTION if kind == MANUAL_IMPORT and plain(origin) == "recipient" else kind
