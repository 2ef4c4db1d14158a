"""SMTP replies: the lines of RFC 5321 4.2 with the enhanced status codes of RFC 2034 and RFC 3463."""

import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache

MAX_REPLY_LINE = 4096  # octets; RFC 5321 4.5.3.1.5 asks for 512, servers in the wild send more
MAX_REPLY_LINES = 256
MAX_REPLY_OCTETS = 65_536

_TEXT_WIDTH = 480  # leaves room for code, enhanced code and CRLF within the 512 octets of RFC 5321 4.5.3.1.5
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]+")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")
_ENHANCED_WHOLE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class ReplyError(ValueError):
    """The peer's bytes are no SMTP reply, or one beyond the limits; `str(error)` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `lines` hold the text without code and enhanced code; `enhanced` is like "5.7.1" or None."""

    code: int
    enhanced: str | None = None
    lines: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 599:
            raise ValueError(f"not an SMTP reply code: {self.code}")
        if isinstance(self.lines, str):
            raise TypeError("lines is a tuple of strings, not one string")
        if self.enhanced is not None and not _ENHANCED_WHOLE.fullmatch(self.enhanced):
            raise ValueError(f"not an enhanced status code: {self.enhanced}")

    @property
    def is_positive(self) -> bool:
        return self.code < 300

    @property
    def is_intermediate(self) -> bool:
        return 300 <= self.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        return self.code >= 500

    @property
    def text(self) -> str:
        """The lines joined by single spaces."""
        return " ".join(line for line in self.lines if line)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)

    def encode(self, *, utf8: bool = False) -> bytes:
        """Wire form with CRLF. Controls become spaces, long texts more lines; without `utf8`, non-ASCII becomes "?"."""
        texts = [piece for line in self.lines for piece in _pieces(line)] or [""]
        prefix = f"{self.enhanced} " if self.enhanced else ""
        rows = [f"{self.code}-{prefix}{text}\r\n" for text in texts[:-1]]
        rows.append(f"{self.code} {prefix}{texts[-1]}\r\n")
        return "".join(rows).encode("utf-8" if utf8 else "ascii", "replace")


def _pieces(line: str) -> list[str]:
    if not line.isprintable():
        line = _CONTROL.sub(" ", line)
    width = _TEXT_WIDTH if line.isascii() else _TEXT_WIDTH // 4
    return [line] if len(line) <= width else textwrap.wrap(line, width)


_COMMON_OCTETS = 100


class ReplyReader:
    """Collects bytes from a server and hands out whole replies; its memory is bounded by the limits above."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._texts: list[str] = []
        self._octets = 0

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_reply(self) -> Reply | None:
        """The next whole reply, or None until more bytes come. Raises ReplyError; the reader is useless after that."""
        while True:
            end = self._buffer.find(b"\n")
            if max(end, len(self._buffer) if end < 0 else 0) > MAX_REPLY_LINE:
                raise ReplyError(f"a reply line is longer than {MAX_REPLY_LINE:,} octets")
            if end < 0:
                return None
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            reply = self._add_line(line)
            if reply is not None:
                return reply

    @property
    def is_empty(self) -> bool:
        """True when no byte waits: neither a further reply nor part of one."""
        return not self._buffer and not self._texts

    def _add_line(self, line: bytes) -> Reply | None:
        if not self._texts and len(line) <= _COMMON_OCTETS and line[3:4] == b" ":
            return _whole(line)
        code, separator, text = _parts(line)
        self._octets += len(line)
        self._texts.append(printable(text or b""))
        if self._octets > MAX_REPLY_OCTETS or len(self._texts) > MAX_REPLY_LINES:
            raise ReplyError(f"a reply has more than {MAX_REPLY_LINES} lines or {MAX_REPLY_OCTETS:,} octets")
        if separator == b"-":
            return None
        texts, self._texts, self._octets = self._texts, [], 0
        # RFC 5321 4.2.1 lets a client ignore all lines but the last: where codes differ, the last one counts.
        return _reply_of(int(code), texts)


def _parts(line: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    match = _LINE.fullmatch(line.removesuffix(b"\r"))
    if match is None:
        raise ReplyError(f"not an SMTP reply: {printable(line[:80])}")
    code, separator, text = match.groups()
    return code, separator, text


@lru_cache(maxsize=512)
def _whole(line: bytes) -> Reply:
    """The reply that one line is. Most of what a server says it has said before."""
    code, _, text = _parts(line)
    return _reply_of(int(code), [printable(text or b"")])


def parse_reply(data: bytes) -> Reply:
    """Exactly one whole reply from its wire form. Raises ReplyError."""
    reader = ReplyReader()
    reader.feed(data if data.endswith(b"\n") else data + b"\r\n")
    reply = reader.next_reply()
    if reply is None or not reader.is_empty:
        raise ReplyError("not exactly one reply")
    return reply


def printable(data: bytes) -> str:
    """A peer's bytes as text that may be stored and shown: no controls, no lone surrogates."""
    text = data.decode("utf-8", "replace")
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


def _reply_of(code: int, texts: list[str]) -> Reply:
    enhanced = None
    if code // 100 != 3:
        found = next(filter(None, map(_ENHANCED.match, texts)), None)
        enhanced = found.group(1) if found else None
    if enhanced is None:
        return Reply(code, None, tuple(texts))
    return Reply(code, enhanced, tuple(_without(enhanced, text) for text in texts))


def _without(enhanced: str, text: str) -> str:
    match = _ENHANCED.match(text)
    return text[match.end() :] if match and match.group(1) == enhanced else text
