"""The Received field of a submission (RFC 5321 4.4), which names neither the client's address nor its host."""

import uuid
from datetime import datetime
from email.utils import format_datetime


def received(*, by: str, protocol: str, submission_id: uuid.UUID, tls: str | None, date: datetime) -> bytes:
    """The whole field. `protocol` is the keyword of RFC 3848, such as ESMTPSA; `tls` its version and cipher."""
    secured = f"\r\n\t({tls})" if tls else ""
    return (
        f"Received: from authenticated-client by {by} with {protocol}\r\n\tid {submission_id}{secured};"
        f"\r\n\t{format_datetime(date)}\r\n"
    ).encode("ascii", "replace")
