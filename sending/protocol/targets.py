"""Where a link leads: the address as a browser follows it (WHATWG URL), or None for one that is left as it is."""

import re
from html import unescape
from html.entities import html5
from urllib.parse import quote

LONGEST_TARGET = 8_000
"""Octets; a token of more is not worth it."""
PLACEHOLDER = re.compile(rb"__(unsubscribe|tracking_opt_out)_url__")
_WEB = re.compile(r"https?://([^/?#\\]+)", re.IGNORECASE)
_REMOVED = str.maketrans("", "", "\t\r\n")
_BLANKS = "".join(map(chr, range(1, 33)))
_UNFIT = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTED = re.compile("[^!-~]+")
_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9A-Fa-f]+);?|([A-Za-z][A-Za-z0-9]*;?)(=?))")


def target_of(written: bytes, charset: str, own: bytes) -> bytes | None:
    """The target of a link in text. None for what is no http(s) address, what has a placeholder, leads to our own
    host `own`, or cannot be said without changing it."""
    if PLACEHOLDER.search(written):
        return None
    try:
        text = written.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
    return _target(text, own)


def target_of_attribute(written: bytes, charset: str, own: bytes) -> bytes | None:
    """`target_of` the value of an attribute, whose character references are resolved as HTML demands."""
    if PLACEHOLDER.search(written):
        return None
    try:
        text = written.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
    return _target(_REFERENCE.sub(_resolved, text) if "&" in text else text, own)


def _target(text: str, own: bytes) -> bytes | None:
    text = text.strip(_BLANKS).translate(_REMOVED)
    web = _WEB.match(text)
    # A host beyond ASCII would have to be written otherwise.
    if web is None or not web[1].isascii() or " " in web[1] or _UNFIT.search(text):
        return None
    target = _QUOTED.sub(lambda found: quote(found[0]), text).encode("ascii")
    is_own = target.startswith(own) and bool(own)
    return None if is_own or len(target) > LONGEST_TARGET else target


def _resolved(reference: "re.Match[str]") -> str:
    """A name without its semicolon is a reference only where nothing of a query follows (HTML 13.2.5.73)."""
    name = reference[1]
    if name is None:
        return unescape(reference[0])
    if reference[2] and not name.endswith(";"):
        return reference[0]
    character = html5.get(name)
    return reference[0] if character is None else character + reference[2]
