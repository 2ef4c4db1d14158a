"""Command lines out of a byte stream (RFC 5321 2.3.8, 4.5.3.1.4): CRLF ends a line, memory is bounded."""

from enum import Enum

MAX_COMMAND_OCTETS = 512
# 512 and what extensions add: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), AUTH 500 (RFC 4954), SMTPUTF8 10 (RFC 6531).
MAX_MAIL_OCTETS = 1065
MAX_AUTH_OCTETS = 12_288  # RFC 4954 4
MAX_DROPPED_OCTETS = 65_536

_LIMITS = {b"MAIL ": MAX_MAIL_OCTETS, b"AUTH ": MAX_AUTH_OCTETS}


class LineFault(Enum):
    """What took a line's place."""

    TOO_LONG = "too long"
    BARE = "bare CR, bare LF or NUL"
    ENDLESS = "no end"


class LineReader:
    """The bytes a client sent and nobody read yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._dropped: int | None = None

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def take(self, octets: int) -> bytes:
        """The next octets, as many or what there is."""
        if octets >= len(self._buffer):
            return self.take_all()
        data = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        return data

    def take_all(self) -> bytes:
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def next_line(self, limit: int | None = None) -> bytes | LineFault | None:
        """A line without its CRLF, a fault that took a line's place, or None until more bytes come.

        `limit` counts the CRLF; None takes the limit that RFC 5321 and the extensions give the verb. A line that is
        too long is reported as soon as it is known to be, and the rest of it dropped."""
        if self._dropped is not None and not self._drop():
            return LineFault.ENDLESS if self._dropped > MAX_DROPPED_OCTETS else None
        end = self._buffer.find(b"\n")
        if limit is None:
            within = end < MAX_COMMAND_OCTETS and len(self._buffer) < MAX_COMMAND_OCTETS
            limit = MAX_COMMAND_OCTETS if within else _LIMITS.get(bytes(self._buffer[:5]).upper(), MAX_COMMAND_OCTETS)
        if end >= limit or (end < 0 and len(self._buffer) >= limit):
            self._dropped = 0
            return LineFault.TOO_LONG
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if line[-1:] != b"\r" or line.find(b"\r", 0, -1) >= 0 or b"\0" in line:
            return LineFault.BARE
        return line[:-1]

    def _drop(self) -> bool:
        """Drops up to the end of the line that was too long; False while its end, within bounds, has not come."""
        end = self._buffer.find(b"\n")
        count = end + 1 if end >= 0 else len(self._buffer)
        del self._buffer[:count]
        self._dropped = (self._dropped or 0) + count
        if end < 0 or self._dropped > MAX_DROPPED_OCTETS:
            return False
        self._dropped = None
        return True
