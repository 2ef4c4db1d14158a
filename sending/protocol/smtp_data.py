"""Message content on the wire: RFC 5321 4.1.1.4 and 4.5.2 (DATA, transparency), RFC 3030 (BDAT).

Content ends at CRLF.CRLF and at nothing else; content with NUL, bare CR, bare LF or a line beyond 998 octets is refused
after its real end, so that no two systems can disagree about where a message stops.
"""

from sending.protocol.memory import MemoryShare
from sending.protocol.message_head import Defect, line_defects
from sending.protocol.reply import Reply
from sending.protocol.smtp_server_replies import NO_MEMORY, TOO_LARGE

# Refused content is read and dropped up to this many octets beyond twice the limit, then we hang up.
RUNAWAY_OCTETS = 1_048_576

_END = b"\r\n.\r\n"
_DOTTED = b"\r\n."
_DEFECT_REPLIES = (
    (Defect.NUL, Reply(550, "5.6.0", ("Message content holds a NUL octet",))),
    (Defect.BARE_CR, Reply(550, "5.6.0", ("Message content holds a bare CR; lines must end in CRLF",))),
    (Defect.BARE_LF, Reply(550, "5.6.0", ("Message content holds a bare LF; lines must end in CRLF",))),
    (
        Defect.LONG_LINE,
        Reply(
            550,
            "5.6.0",
            ("Message content has a line beyond 998 octets; encode it as quoted-printable",),
        ),
    ),
)


def content_refusal(content: bytes, *, allow_long_lines: bool = False) -> Reply | None:
    """Why these octets may not travel, in or out, or None if they may."""
    defects = line_defects(content)
    if defects:
        for defect, reply in _DEFECT_REPLIES:
            if defect in defects and not (allow_long_lines and defect is Defect.LONG_LINE):
                return reply
    return None


def dot_stuffed(content: bytes) -> bytes:
    """Content, whose lines end in CRLF, with the transparency dots of RFC 5321 4.5.2; without the final dot."""
    if _DOTTED in content:
        content = content.replace(_DOTTED, b"\r\n..")
    return b"." + content if content.startswith(b".") else content


class DataReceiver:
    """Takes what follows 354, removes transparency dots, and keeps at most `max_size` octets of content.

    Where `refusal` is set, what still comes is read and not kept."""

    def __init__(self, max_size: int, share: MemoryShare) -> None:
        self.refusal: Reply | None = None
        self.is_runaway = False
        self._share = share
        # The CRLF of the DATA line counts as the one before a first dot; it is taken off again at the end.
        self._tail = b"\r\n"
        self._clean = bytearray()
        self._limit = max_size + 2
        self._octets = 0
        self._runaway_octets = 2 * max_size + RUNAWAY_OCTETS

    def feed(self, data: bytes) -> bytes | None:
        """What follows the end of the content, or None while the end has not come."""
        data = self._tail + data
        first_dot = data.find(_DOTTED)
        end = data.find(_END, first_dot) if first_dot >= 0 else -1
        cut = end + 2 if end >= 0 else _safe_cut(data)
        self._octets += cut
        self.is_runaway = self._octets > self._runaway_octets
        self._keep(data[:cut], is_stuffed=0 <= first_dot < cut - 2)
        if end < 0:
            self._tail = data[cut:]
            return None
        return data[end + len(_END) :]

    def content(self) -> bytes:
        """The whole content, ending in CRLF, or empty; once, after `feed` has found the end."""
        content = bytes(memoryview(self._clean)[2:])
        self._clean = bytearray()
        return content

    def _keep(self, data: bytes, *, is_stuffed: bool) -> None:
        if self.refusal is not None:
            return
        if is_stuffed:
            data = data.replace(_DOTTED, b"\r\n")
        octets = len(self._clean) + len(data)
        if octets > self._limit:
            self._drop(TOO_LARGE)
        elif octets > self._share.octets and not self._share.cover(octets):
            self._drop(NO_MEMORY)
        else:
            self._clean += data

    def _drop(self, refusal: Reply) -> None:
        self.refusal = refusal
        self._clean = bytearray()
        self._share.release()


def _safe_cut(data: bytes) -> int:
    """Where `data` may be cut so that neither the end mark nor a line's first dot lies across the cut."""
    cut = max(len(data) - 4, 0)
    if data.endswith(b"\r\n", 0, cut):
        return cut - 2
    return cut - 1 if data.endswith(b"\r", 0, cut) else cut


class ChunkReceiver:
    """Takes the octets that BDAT commands announce; keeps at most `max_size` of them in all, none once `refusal` is
    set. `remaining` of the open chunk have not come yet."""

    def __init__(self, max_size: int, share: MemoryShare) -> None:
        self.refusal: Reply | None = None
        self._max_size = max_size
        self._share = share
        self._octets = 0
        self.remaining = 0
        self._clean: bytearray | None = bytearray()

    def open_chunk(self, size: int) -> None:
        """Announces `size` octets; too many are still read, but no longer kept."""
        self.remaining = size
        self._octets += size
        if self._octets > self._max_size:
            self.discard(TOO_LARGE)
        elif not self._share.cover(self._octets):
            self.discard(NO_MEMORY)

    def discard(self, refusal: Reply) -> None:
        """Forgets what came and keeps nothing of what is still to come."""
        self.refusal = self.refusal or refusal
        self._clean = None
        self._share.release()

    def feed(self, data: bytes) -> bytes | None:
        """What follows the open chunk, or None while octets of it are missing."""
        taken = data[: self.remaining]
        self.remaining -= len(taken)
        if self._clean is not None:
            self._clean += taken
        return None if self.remaining else data[len(taken) :]

    def content(self) -> bytes:
        """All chunks, once; a missing last CRLF is added, since DATA, by which it leaves, cannot go without it."""
        content = bytes(self._clean or b"")
        self._clean = None
        return content if not content or content.endswith(b"\r\n") else content + b"\r\n"
