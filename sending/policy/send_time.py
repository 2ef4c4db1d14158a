"""When a mail is to leave: RFC 3339 with its offset, or Unix seconds, at most 30 days ahead."""

import re
from datetime import UTC, datetime, timedelta

from sending.policy.refusal import Reason, Refusal

LONGEST_AHEAD = timedelta(days=30)

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,20})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UNIX_SECONDS = re.compile(r"-?[0-9]{1,20}")
_NO_MOMENT = Refusal(Reason.SEND_AT_INVALID, "is not a date and time with its UTC offset")
_TOO_FAR = Refusal(Reason.SEND_AT_INVALID, f"is more than {LONGEST_AHEAD.days} days ahead")


def read_send_time(value: str | int, now: datetime) -> datetime | Refusal | None:
    """The moment, in UTC; None, which is at once, for one that has passed. Seconds may come as text, as in a header."""
    if isinstance(value, str):
        text = value.strip(" \t")
        if not _UNIX_SECONDS.fullmatch(text):
            return _read_rfc_3339(text, now)
        value = int(text)
    if value <= now.timestamp():
        return None
    # Compared as a number: most integers are no year that a datetime knows.
    if value > (now + LONGEST_AHEAD).timestamp():
        return _TOO_FAR
    return datetime.fromtimestamp(value, UTC)


def _read_rfc_3339(text: str, now: datetime) -> datetime | Refusal | None:
    if not _RFC_3339.fullmatch(text):
        return _NO_MOMENT
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return _NO_MOMENT
    if moment <= now:
        return None
    return _TOO_FAR if moment - now > LONGEST_AHEAD else moment.astimezone(UTC)
