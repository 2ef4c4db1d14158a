"""The end of a text or HTML, for its reader: who sends, and links to unsubscribe and to end the tracking."""

import unicodedata
from html import escape
from typing import NamedTuple

from sending.protocol.recipient_links import Purpose
from sending.protocol.template import Piece, Slot

PIXEL: tuple[Piece, ...] = (
    b'<img src="',
    Slot(Purpose.OPEN),
    b'" alt="" width="1" height="1" border="0" style="border:0;width:1px;height:1px">',
)
_WORDS = ((Purpose.UNSUBSCRIBE, "Unsubscribe"), (Purpose.TRACKING_OPT_OUT, "Do not track my opens and clicks"))
_OPEN = '<div style="margin:24px auto 0;padding:12px;text-align:center;font:12px/1.5 Arial,sans-serif;color:#6b6b6b">'
_LINK = b'" style="color:#6b6b6b;text-decoration:underline">'


class Footer(NamedTuple):
    """`sender` stands alone as well; without any of the three there is no footer."""

    unsubscribe: bool = False
    opt_out: bool = False
    sender: str = ""

    def html(self) -> tuple[Piece, ...]:
        """In ASCII, so that it suits every charset."""
        links = self._links()
        if not links and not self.sender:
            return ()
        sender = escape(self.sender).encode("ascii", "xmlcharrefreplace").decode("ascii")
        pieces: list[Piece] = [f"{_OPEN}{sender}".encode("ascii")]
        for number, (purpose, words) in enumerate(links):
            between = b" &middot; " if number else b"<br>" if sender else b""
            pieces += (between + b'<a href="', Slot(purpose), _LINK + words.encode("ascii") + b"</a>")
        return (*pieces, b"</div>")

    def text(self, charset: str) -> tuple[Piece, ...]:
        """Lines with CRLF; letters that the charset lacks are written without their marks."""
        links = self._links()
        sender = _in(charset, self.sender)
        if not links and not sender:
            return ()
        pieces: list[Piece] = [b"\r\n\r\n", sender + b"\r\n" if sender else b""]
        for purpose, words in links:
            pieces += (f"{words}: ".encode("ascii"), Slot(purpose), b"\r\n")
        return tuple(pieces)

    def _links(self) -> list[tuple[Purpose, str]]:
        wanted = {Purpose.UNSUBSCRIBE: self.unsubscribe, Purpose.TRACKING_OPT_OUT: self.opt_out}
        return [(purpose, words) for purpose, words in _WORDS if wanted[purpose]]


def _in(charset: str, text: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").strip(b" ,")
