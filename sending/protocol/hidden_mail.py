"""A message as those may see it from whom the secrets of links are hidden: in its head, its texts, what it encloses.

Pictures and sound stay. Every other file that cannot be read as text is left out, since it may hold the same links.
"""

from collections.abc import Iterable, Mapping
from email import policy
from email.charset import QP, Charset
from email.message import Message
from typing import NamedTuple

from sending.protocol.mime_headers import decode_words, in_charset
from sending.protocol.mime_tree import parse, readable
from sending.protocol.secret_links import MOST_ROUNDS, Hidden, hide_in_html, hide_in_text

LEFT_OUT = "[left out, because secrets of links are hidden from you]"
MOST_CHARACTERS = 1_000_000
"""Of a part; a longer one is left out."""
MOST_SECRETS = 2_000
"""Of a message; one with more is left out whole."""
_KEPT = ("image", "audio", "video")
_MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "image/svg+xml")
_READ = frozenset({*_MARKUP, "application/json", "application/ld+json"})
"""What is read as text beside texts."""
_PLAIN = ("7bit", "8bit", "binary")
_UTF_8 = Charset("utf-8")
_UTF_8.body_encoding = QP


class HiddenMail(NamedTuple):
    """`is_changed`: something in it was hidden or left out. Otherwise it is the message octet for octet."""

    source: bytes
    is_changed: bool


def hide(source: bytes) -> HiddenMail:
    """Whatever cannot be read for certain is left out rather than shown."""
    root = parse(source)
    if root is None:
        return _nothing()
    parts = [part for part in root.walk() if not part.is_multipart()]
    texts = {id(part): _text(part) for part in parts}
    heads = [_Head(message) for message in root.walk()]
    pieces = [text for text in texts.values() if text is not None] + [line for head in heads for line in head.lines]
    found = _at_rest(pieces)
    if found is None:
        return _nothing()
    shown, secrets = found
    changed = [head.hide(shown) for head in heads]
    changed += [_hide_part(part, texts[id(part)], shown) for part in parts]
    changed += [_hide_around(message, secrets) for message in root.walk() if message.is_multipart()]
    if not any(changed):
        return HiddenMail(source, is_changed=False)
    try:
        written = root.as_bytes(policy=policy.compat32.clone(linesep="\r\n", max_line_length=0))
        is_left = any(secret.encode() in written for secret in secrets)
    except Exception:
        # Of a hostile message the library's writer raises whatever comes to hand.
        return _nothing()
    return _nothing() if is_left else HiddenMail(written, is_changed=True)


class _Text(NamedTuple):
    text: str
    is_html: bool

    def hide(self, secrets: Iterable[str]) -> Hidden:
        return (hide_in_html if self.is_html else hide_in_text)(self.text, secrets)


class _Head:
    """The fields of one part, decoded."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._values = [_in_one_line(str(value)) for value in message.values()]
        self.lines = [_Text(value, is_html=False) for value in self._values]

    def hide(self, shown: "Shown") -> bool:
        values = [shown[line].text for line in self.lines]
        changed = values != self._values
        if changed:
            fields = list(zip(self._message.keys(), self._message.values(), self._values, values, strict=True))
            for name in set(self._message.keys()):
                del self._message[name]
            for name, raw, before, after in fields:
                self._message[name] = raw if before == after else after
        return changed


Shown = Mapping[_Text, Hidden]


def _at_rest(pieces: Iterable[_Text]) -> tuple[Shown, frozenset[str]] | None:
    """Each piece as it is shown, and the secrets of all: what one gives away is hidden in every other. None where they
    do not end."""
    shown = {one: one.hide(()) for one in pieces}
    for _ in range(MOST_ROUNDS):
        known = frozenset[str]().union(*(done.secrets for done in shown.values()))
        if len(known) > MOST_SECRETS:
            return None
        behind = [one for one, done in shown.items() if done.secrets != known]
        if not behind:
            return shown, known
        shown |= {one: one.hide(known) for one in behind}
    return None


def _text(part: Message) -> _Text | None:
    """None for what is no text, or cannot be read as one."""
    kind, octets = part.get_content_type(), part.get_payload(decode=True)
    if not isinstance(octets, bytes) or not (kind.startswith("text/") or kind in _READ):
        return None
    read = in_charset(readable(part.get_content_charset("") or "utf-8"), octets)
    text = octets.decode("utf-8", "replace") if read is None else read
    if len(text) > MOST_CHARACTERS or "\0" in text:
        return None
    return _Text(text, is_html=kind in _MARKUP or text.lstrip().startswith("<"))


def _hide_part(part: Message, text: _Text | None, shown: Shown) -> bool:
    if text is None:
        kept = part.get_content_maintype() in _KEPT and part.get_content_type() not in _READ
        return False if kept or not part.get_payload() else _replace(part, LEFT_OUT, "text/plain")
    done = shown[text].text
    return False if done == text.text else _replace(part, done, part.get_content_type())


def _hide_around(message: Message, secrets: frozenset[str]) -> bool:
    """What stands before and after the parts; and a message whose text the library does not decode."""
    encoding = str(message.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    if message.get_content_maintype() == "message" and encoding not in _PLAIN:
        return _replace(message, LEFT_OUT, "text/plain")
    before = message.preamble, message.epilogue
    message.preamble, message.epilogue = (one and hide_in_text(one, secrets).text for one in before)
    return before != (message.preamble, message.epilogue)


def _replace(part: Message, text: str, content_type: str) -> bool:
    del part["Content-Transfer-Encoding"]
    part.set_type(content_type)
    part.set_payload(text.encode("utf-8", "replace").decode(), _UTF_8)
    return True


def _in_one_line(value: str) -> str:
    unfolded = decode_words(readable(value.replace("\r\n", "").replace("\n", "")))
    return "".join(char if char.isprintable() else " " for char in unfolded)


def _nothing() -> HiddenMail:
    head = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    return HiddenMail(head + LEFT_OUT.encode() + b"\r\n", is_changed=True)
