"""The list as a file for spreadsheets (RFC 4180), which `importing` reads back."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC
from io import StringIO

from mailtrap_site.web.csv_lines import harmless
from sending.models import Suppression
from sending.suppressions.lists import Query, every

HEADS = (
    "email",
    "type",
    "sending_stream",
    "domain_name",
    "created_at",
    "bounce_category",
    "response_code",
    "response",
    "rule",
    "message_id",
)
_AT_ONCE = 200
"""Lines of one piece."""


def pieces(account_id: int, query: Query) -> Iterator[str]:
    """The lines of all entries that match, newest first, below their heads. Times in UTC (RFC 3339)."""
    lines = [_line(HEADS)]
    for entry in every(account_id, query):
        lines.append(_line(_cells(entry)))
        if len(lines) >= _AT_ONCE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _cells(entry: Suppression) -> Iterable[str]:
    evidence = entry.evidence
    return (
        entry.email,
        entry.type,
        entry.stream,
        entry.domain.name if entry.domain_id and entry.domain else "",
        entry.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        str(evidence.get("bounce_category") or ""),
        str(evidence.get("response_code") or ""),
        str(evidence.get("esp_response") or ""),
        entry.rule,
        str(entry.message_id or ""),
    )


def _line(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()
