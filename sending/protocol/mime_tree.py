"""The parts of a stored message, for people to look at (RFC 2045, 2046, 2183). Whatever was sent is read as it goes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email._policybase import Policy
from email.message import Message
from email.parser import BytesParser
from functools import cached_property

from sending.protocol.mime_headers import decode_words, in_charset

MOST_MULTIPARTS = 50
"""A mail that names more is not taken apart: each level of nesting looks at every line of what it holds."""
MOST_PARTS = 1000
"""The same goes for one that has more of any kind: each takes more memory than it has octets."""
_MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part. `number` counts in the order of the message from 0, the root; `depth` is that of nesting."""

    number: int
    depth: int
    content_type: str
    disposition: str
    """Such as `attachment`; empty where none is given."""
    filename: str
    content_id: str
    """Without angle brackets."""
    is_multipart: bool
    _message: Message = field(repr=False, compare=False)

    @cached_property
    def octets(self) -> bytes:
        """The content without its transfer encoding; of a multipart nothing."""
        if self.is_multipart:
            return b""
        if self._message.is_multipart():
            return _enclosed(self._message)
        octets = self._message.get_payload(decode=True)
        return octets if isinstance(octets, bytes) else b""

    @property
    def text(self) -> str:
        """The content in its charset; one that is unknown or wrong costs letters only."""
        text = in_charset(self.charset or "utf-8", self.octets)
        return self.octets.decode("utf-8", "replace") if text is None else text

    @property
    def charset(self) -> str:
        """As named; empty where none is."""
        return readable(self._message.get_content_charset("") or "")

    @property
    def encoding(self) -> str:
        """The transfer encoding as named; empty where none is."""
        return readable(str(self._message.get("Content-Transfer-Encoding", ""))).strip().lower()

    @property
    def is_attached(self) -> bool:
        return self.disposition == "attachment"

    @property
    def is_inline_image(self) -> bool:
        """A picture that HTML may refer to by its content id."""
        return self.content_type.startswith("image/") and bool(self.content_id) and not self.is_attached


@dataclass(frozen=True, slots=True)
class MimeTree:
    """All parts in the order of the message; none where there are too many of them."""

    parts: tuple[Part, ...]

    @property
    def leaves(self) -> list[Part]:
        """What is no multipart."""
        return [part for part in self.parts if not part.is_multipart]

    @property
    def text(self) -> Part | None:
        """The first text that is no attachment."""
        return self._first("text/plain")

    @property
    def html(self) -> Part | None:
        """The first HTML that is no attachment."""
        return self._first("text/html")

    def _first(self, content_type: str) -> Part | None:
        return next((one for one in self.leaves if one.content_type == content_type and not one.is_attached), None)


def read_tree(source: bytes) -> MimeTree:
    """The parts of a message."""
    root = parse(source)
    return MimeTree(() if root is None else tuple(_walk(root)))


def parse(source: bytes) -> Message | None:
    """The message as the library reads it; None where it has too many parts."""
    if len(_MULTIPART.findall(source)) > MOST_MULTIPARTS:
        return None
    try:
        return BytesParser(_Parts(), policy=policy.compat32).parsebytes(source)
    except (RecursionError, _TooMany):
        return None


def readable(value: str | bytes) -> str:
    """Octets that are no UTF-8, and halves of characters, become the sign for what cannot be shown."""
    octets = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace")


class _TooMany(Exception):
    """The message has more parts than are looked at."""


class _Parts:
    """Makes the parser's parts, a bounded number of them."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def __call__(self, policy: Policy = policy.compat32) -> Message:
        self._left -= 1
        if self._left < 0:
            raise _TooMany
        return Message(policy)


def _walk(root: Message) -> Iterator[Part]:
    waiting, number = [(root, 0)], 0
    while waiting:
        message, depth = waiting.pop()
        # A message inside the message is one part, whatever that holds.
        is_multipart = message.is_multipart() and message.get_content_maintype() != "message"
        yield Part(
            number=number,
            depth=depth,
            content_type=readable(message.get_content_type()),
            disposition=readable(str(message.get("Content-Disposition", ""))).partition(";")[0].strip().lower(),
            filename=readable(decode_words(message.get_filename() or "")),
            content_id=readable(str(message.get("Content-ID", ""))).strip().strip("<>"),
            is_multipart=is_multipart,
            _message=message,
        )
        number += 1
        if is_multipart:
            children: list[Message] = message.get_payload()  # type: ignore[assignment]
            waiting += [(child, depth + 1) for child in reversed(children)]


def _enclosed(message: Message) -> bytes:
    """The messages that a `message/rfc822` and its like hold, written anew; nothing where that does not go."""
    children: list[Message] = message.get_payload()  # type: ignore[assignment]
    try:
        return b"\r\n".join(child.as_bytes(policy=policy.compat32.clone(linesep="\r\n")) for child in children)
    except Exception:
        # Of a hostile message the library's writer raises whatever comes to hand.
        return b""
