"""The addresses in plain text that a mail program makes links of, by offsets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sending.protocol.tracked_html import MOST_LINKS

_URL = re.compile(rb"(?i)(?<![A-Za-z0-9])https?://[!-~]{1,8000}+")
_NOT_IN_IT = re.compile(rb"""[<>"\\^`{|}]""")
_CLOSING = {ord(b")"): b"(", ord(b"]"): b"["}
_TRAILING = frozenset(b".,;:!?'*_~")


class TextLink(NamedTuple):
    start: int
    end: int
    value: bytes


def read_text(text: bytes) -> Iterator[TextLink]:
    """An address that goes on with a character beyond ASCII is passed over: where it ends each program sees its own
    way. Closing punctuation does not belong to one."""
    for number, found in enumerate(_URL.finditer(text)):
        if number >= MOST_LINKS:
            return
        value = found[0]
        other = _NOT_IN_IT.search(value)
        end = len(value) if other is None else other.start()
        if other is None and text[found.end() : found.end() + 1] > b"~":
            continue
        end = _without_punctuation(value, end)
        if end > len(b"https://"):
            yield TextLink(found.start(), found.start() + end, value[:end])


def _without_punctuation(value: bytes, end: int) -> int:
    while end:
        last = value[end - 1]
        opening = _CLOSING.get(last)
        closes_more = opening is not None and value.count(opening, 0, end) < value.count(value[end - 1 : end], 0, end)
        if last not in _TRAILING and not closes_more:
            break
        end -= 1
    return end
