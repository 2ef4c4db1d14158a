"""Reads a file of suppressed addresses, record by record: whatever is in it, each record becomes an entry or is named
with what is wrong. Pure."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from io import StringIO
from itertools import islice

from sending.protocol.address import AddressError, parse_address
from sending.suppressions import same_address
from sending.suppressions.import_formats import STREAMS, Column, Format, format_of, plain, type_of

MOST_OCTETS = 20_000_000
MOST_ENTRIES = 500_000
SHOWN = 80
"""Characters of a bad line that are kept."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_GUARDED = ("'=", "'+", "'-", "'@")
"""How exports keep a spreadsheet from taking an address for a formula."""


class Wrong(StrEnum):
    """What is wrong with a line; `addresses` have reasons of their own."""

    UNREADABLE = "unreadable"
    ADDRESS = "address"
    TYPE = "type"
    STREAM = "stream"
    DOMAIN = "domain"


class FileRefused(ValueError):
    """The whole file cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the file has it; an empty field is left to the form. `domain` is as written, in lower case."""

    number: int
    email: str
    type: str
    stream: str
    domain: str
    created_at: datetime | None
    evidence: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadLine:
    """`text` is what stands there, cut and printable; `code` a Wrong, and `detail` the reason of an address."""

    number: int
    text: str
    code: str
    detail: str = ""


def decode(octets: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 where it says so (as Excel's "Unicode text"), else Windows' Latin letters."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return octets.decode("utf-16")
        except UnicodeDecodeError:
            pass
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


class File:
    """A file's records. Raises FileRefused where it has none, or no column holds addresses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._delimiter = _delimiter(text)
        first = next((record or [] for _, record in self._written()), None)
        if first is None:
            raise FileRefused("empty")
        found = format_of(first)
        if found is None:
            raise FileRefused("no_addresses")
        self.format: Format = found

    def count(self) -> int:
        """How many entries there are, bad ones included; stops just above MOST_ENTRIES."""
        count = 0
        for count, _ in enumerate(self._entries(), start=1):
            if count > MOST_ENTRIES:
                break
        return count

    def lines(self, skip: int, now: datetime) -> Iterator[Line | BadLine]:
        """The entries behind the first `skip`, in order; dates that lie ahead are `now`."""
        for place, (number, record) in enumerate(self._entries()):
            if place >= skip:
                yield self._line(number, record, now)

    def _entries(self) -> Iterator[tuple[int, Sequence[str] | None]]:
        written = self._written()
        return islice(written, 1, None) if self.format.has_heads else written

    def _written(self) -> Iterator[tuple[int, Sequence[str] | None]]:
        """The records in which something stands."""
        for number, record in self._records():
            if record is None or any(cell.strip() for cell in record):
                yield number, record

    def _records(self) -> Iterator[tuple[int, Sequence[str] | None]]:
        """Each record with the number of the line on which it begins; None for one that cannot be read."""
        reader = csv.reader(StringIO(self._text, newline=""), delimiter=self._delimiter)
        while True:
            number = reader.line_num + 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield number, None

    def _line(self, number: int, record: Sequence[str] | None, now: datetime) -> Line | BadLine:
        if record is None:
            return BadLine(number, "", Wrong.UNREADABLE)
        cells = {column: record[place].strip() for column, place in self.format.columns.items() if place < len(record)}
        written = cells.get(Column.ADDRESS, "")
        try:
            email = address_of(written)
        except AddressError as error:
            return BadLine(number, printable(written), Wrong.ADDRESS, error.reason.value)
        kind, word, stream = self.format.type, cells.get(Column.TYPE, ""), cells.get(Column.STREAM, "")
        if word:
            kind = type_of(word, cells.get(Column.ORIGIN, "")) or ""
            if not kind:
                return BadLine(number, printable(word), Wrong.TYPE)
        if stream and plain(stream) not in STREAMS:
            return BadLine(number, printable(stream), Wrong.STREAM)
        return Line(
            number=number,
            email=email,
            type=kind,
            stream=STREAMS.get(plain(stream), ""),
            domain=cells.get(Column.DOMAIN, "").lower(),
            created_at=moment_of(cells.get(Column.CREATED_AT, ""), now),
            evidence=_evidence(cells),
        )


def address_of(written: str) -> str:
    """The address as the list has it, without what exports put in front. Raises AddressError."""
    written = written.strip()
    if written.startswith(_GUARDED):
        written = written[1:]
    if written.endswith(">") and "<" in written:
        written = written.rpartition("<")[2][:-1]
    return same_address(parse_address(written).wire)


def moment_of(text: str, now: datetime) -> datetime | None:
    """A date as services write it: ISO 8601, RFC 5322 or Unix seconds; UTC where it says no offset. None for another:
    an address is not let through because its date is odd.

    >>> moment_of("2025-06-27 07:56:17 UTC", datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2025-06-27T07:56:17+00:00'
    """
    try:
        moment = _moment(text.removesuffix(" UTC"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return min(moment, now) if moment >= _EARLIEST else None


def printable(text: str) -> str:
    """What a report can show of a line."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:SHOWN])


def _moment(text: str) -> datetime:
    if text.isascii() and text.isdecimal() and len(text) <= 13:
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def _evidence(cells: dict[Column, str]) -> dict[str, str]:
    kept = {
        "bounce_category": cells.get(Column.CATEGORY),
        "response_code": cells.get(Column.CODE),
        "esp_response": cells.get(Column.RESPONSE),
    }
    return {name: value.replace("\0", "")[:1000] for name, value in kept.items() if value}


def _delimiter(text: str) -> str:
    """Of comma, semicolon and tab, the one that the first line has most of."""
    head = text.lstrip()[:10_000].partition("\n")[0]
    return max(",;\t", key=head.count)
