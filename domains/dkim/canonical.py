"""The canonical forms of RFC 6376 3.4.2 (relaxed header), 3.4.3 and 3.4.4 (bodies); lines end with CRLF."""

import re

_WHITE_SPACE = re.compile(rb"[ \t]+")


def relaxed_header(name: bytes, value: bytes) -> bytes:
    """`name:value` without its line end; `value` is all that follows the colon, folds included."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"")
    if b"\t" in value or b"  " in value:
        value = _WHITE_SPACE.sub(b" ", value)
    return b"%b:%b" % (name.strip(b" \t").lower(), value.strip(b" \t\r\n"))


def relaxed_body(body: bytes) -> bytes:
    """Runs of white space become one space and vanish at line ends; empty lines at the end vanish."""
    if b"\t" in body:
        body = body.replace(b"\t", b" ")
    # Halves every run on each round: logarithmic in the longest run, and in C.
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    body = body.removesuffix(b" ")
    body = _without_empty_end(body)
    return body + b"\r\n" if body else b""


def simple_body(body: bytes) -> bytes:
    """Empty lines at the end become one line end; all else stays."""
    return _without_empty_end(body) + b"\r\n"


def _without_empty_end(body: bytes) -> bytes:
    content = body.rstrip(b"\r\n")
    line_ends = body[len(content) :]
    if line_ends == b"\r\n" * (len(line_ends) // 2):
        return content
    # Bare CR or LF are content; only whole CRLFs at the very end go.
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end]
