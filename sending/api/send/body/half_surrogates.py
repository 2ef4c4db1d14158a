"""JSON with half a surrogate pair in it, as an encoder writes text that was cut within an emoji."""

import re
from itertools import islice

MOST_SURROGATES = 100_000
"""Looked at in one body; more would take long, and is no text that was cut somewhere."""

_SURROGATE = re.compile(rb"\\u[dD]([89a-fA-F][0-9a-fA-F]{2})")
_LENGTH = 6
_BACKSLASH = 0x5C
_LOW = 0xC00


def mend(body: bytes) -> bytes:
    r"""The same with `\ufffd` in place of each half, so that it can be read and its mail be sent."""
    mended = bytearray(body)
    high = None
    for match in islice(_SURROGATE.finditer(body), MOST_SURROGATES):
        at = match.start()
        if _is_escaped(body, at):
            continue
        is_low = int(match[1], 16) >= _LOW
        if is_low and high is not None and high + _LENGTH == at:
            high = None
            continue
        for half in (high, at if is_low else None):
            if half is not None:
                mended[half : half + _LENGTH] = rb"\ufffd"
        high = None if is_low else at
    if high is not None:
        mended[high : high + _LENGTH] = rb"\ufffd"
    return bytes(mended)


def _is_escaped(body: bytes, at: int) -> bool:
    """Whether the backslash there is the second of two."""
    start = at
    while start and body[start - 1] == _BACKSLASH:
        start -= 1
    return (at - start) % 2 == 1
