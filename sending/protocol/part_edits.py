"""Changes to the decoded content of a part, put into its encoded octets (RFC 2045 6): what is not changed stays octet
for octet, except that base64 is written anew from the same content."""

import binascii
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import NamedTuple

from sending.protocol.displayed_parts import DisplayedPart
from sending.protocol.message_head import MAX_LINE
from sending.protocol.mime import quoted_printable
from sending.protocol.template import Encoded, Piece, Slot, Wrapped

Pieces = list[Piece | Wrapped | Encoded]


class Edit(NamedTuple):
    """`pieces` in place of what is from `start` to `end`. Before `break_at` a line may be broken; one that is
    `optional` is given up rather than make a line that is too long."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    break_at: int | None = None
    optional: bool = False


class Content:
    """A part's content, and the way back to its octets as they stand. It is decoded once it is looked at."""

    def __init__(self, message: bytes, part: DisplayedPart) -> None:
        self.part = part
        self._raw = message[part.start : part.end]

    @property
    def may_have_placeholders(self) -> bool:
        """A quick look at what is not decoded yet."""
        return self.part.encoding == "base64" or _UNDERSCORES.search(self._raw) is not None

    @property
    def octets(self) -> bytes:
        return self._lines.octets if self.part.encoding == "quoted-printable" else self._decoded or b""

    @property
    def is_sound(self) -> bool:
        """Whether it can be changed without losing any of it."""
        return self.part.encoding == "quoted-printable" or self._decoded is not None

    @cached_property
    def _lines(self) -> "_QuotedLines":
        return _QuotedLines(self._raw)

    @cached_property
    def _decoded(self) -> bytes | None:
        return _from_base64(self._raw) if self.part.encoding == "base64" else self._raw

    def edited(self, edits: Sequence[Edit], base: str) -> Pieces:
        """The encoded content with the edits, which are in order and do not overlap."""
        if not edits or not self.is_sound:
            return [self._raw]
        if self.part.encoding == "quoted-printable":
            return self._lines.edited(edits)
        if self.part.encoding == "base64":
            pieces: list[Piece] = []
            position = 0
            for edit in edits:
                pieces += (self.octets[position : edit.start], *edit.pieces)
                position = edit.end
            return [Encoded((*pieces, self.octets[position:])), b"\r\n" if self._raw.endswith(b"\n") else b""]
        return _plain(self._raw, edits, base)


def _plain(raw: bytes, edits: Sequence[Edit], base: str) -> Pieces:
    """Without an encoding lines must not pass the bound of RFC 5322."""
    pieces: Pieces = []
    position, column = 0, 0
    for edit, following in zip_longest(edits, edits[1:]):
        longest = sum(one.longest(base) if isinstance(one, Slot) else len(one) for one in edit.pieces)
        rest = _until_break(raw, edit.end, following)
        literal = raw[position : edit.start]
        column = _column(literal, column)
        if column + longest + rest > MAX_LINE and edit.break_at is not None:
            literal = raw[position : edit.break_at] + b"\r\n" + raw[edit.break_at : edit.start]
            column = edit.start - edit.break_at
        pieces.append(literal)
        position = edit.start
        if not edit.optional or column + longest + rest <= MAX_LINE:
            pieces += edit.pieces
            position, column = edit.end, column + longest
    return [*pieces, raw[position:]]


def _until_break(raw: bytes, position: int, following: Edit | None) -> int:
    """Octets from there to the end of the line, or to where it may be broken for the next edit."""
    end = raw.find(b"\n", position)
    end = len(raw) if end < 0 else end
    if following is not None and following.break_at is not None:
        end = min(end, following.break_at)
    return end - position


def _column(octets: bytes, column: int) -> int:
    line = octets.rfind(b"\n")
    return column + len(octets) if line < 0 else len(octets) - line - 1


_UNDERSCORES = re.compile(rb"_(?:=\r\n)?_|=5[Ff]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]*=*\s*\Z")


def _from_base64(raw: bytes) -> bytes | None:
    """None for what readers read in more ways than one."""
    try:
        return binascii.a2b_base64(raw) if _BASE64.match(raw) is not None else None
    except binascii.Error:
        return None


# As `binascii` reads it, unit by unit.
_UNIT = re.compile(rb"(==|=[0-9A-Fa-f]{2})|(=[\r\n][^\n]*\n?|=\Z)|[\s\S]")
_BREAK = b"=\r\n"


class _QuotedLines:
    """Quoted-printable read line by line, which is fast; only a line with an edit is looked at closely."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._lines = raw.splitlines(keepends=True) if b"\r" not in raw.replace(b"\r\n", b"") else _lines(raw)
        decoded = [binascii.a2b_qp(line) if b"=" in line else line for line in self._lines]
        self._starts = list(accumulate(map(len, decoded), initial=0))
        self._raw_starts = list(accumulate(map(len, self._lines), initial=0))
        self.octets = b"".join(decoded)

    def edited(self, edits: Sequence[Edit]) -> Pieces:
        """What is put in begins and ends with a line of its own."""
        pieces: Pieces = []
        position = 0
        for edit in edits:
            start = self._raw_offset(edit.start)
            literal = self._raw[position:start]
            pieces += (literal, b"" if start == 0 or self._raw[start - 1 : start] == b"\n" else _BREAK)
            for piece in edit.pieces:
                if isinstance(piece, Slot):
                    pieces.append(Wrapped(piece))
                elif piece:
                    quoted = quoted_printable(piece)
                    pieces += (quoted, b"" if quoted.endswith(b"\n") else _BREAK)
            position = self._raw_offset(edit.end)
        return [*pieces, self._raw[position:]]

    def _raw_offset(self, offset: int) -> int:
        number = bisect_right(self._starts, offset) - 1
        within = offset - self._starts[number]
        if number >= len(self._lines):
            return self._raw_starts[-1]
        line, start = self._lines[number], self._raw_starts[number]
        if b"=" not in line[:within]:
            return start + within
        for unit in _UNIT.finditer(line):
            if within <= 0:
                return start + unit.start()
            within -= 0 if unit[2] else 1
        return start + len(line)


def _lines(raw: bytes) -> list[bytes]:
    """With LF alone as the end of a line, however many CR there are."""
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", raw)
