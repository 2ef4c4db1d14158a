"""The secret part of links: what opens something for whoever has the link. Pure.

A value is taken for a secret by its name (`token`, `code`, `sig` …), by the path before it (`/reset/…`), or because it
looks random. It becomes `HIDDEN`; scheme, host and everything else of the link stay.
"""

import re
from collections.abc import Callable, Iterable
from html import escape, unescape
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote, unquote

HIDDEN = "hidden"
MOST_ROUNDS = 10
"""A text that has not come to rest by then is hidden whole."""
LONGEST_LINK = 4_000
"""Characters. Of a longer one everything behind the host is hidden."""
_DEEPEST = 3
"""Links within a link; what lies deeper is hidden whole."""
_URL = r"""(?i)(?:[a-z][a-z0-9+.-]{0,30}:\\?/\\?/|(?<![\w.@-])(?:[\w-]++\.)++[a-z]{2,24}(?=[/?#:]))[^\s<>"%s]+"""
_IN_TEXT, _IN_HTML = re.compile(_URL % ""), re.compile(_URL % "'")
_ATTRIBUTE = re.compile(r"""(?i)(\b(?:href|action|formaction|src|content)\s*+=\s*+)("[^"]*+"|'[^']*+'|[^\s"'>]++)""")
_PARTS = re.compile(r"([a-z][a-z0-9+.-]*+:\\?/\\?/)?([^/?#\\]*+)(.*)", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CLOSING = ".,;:!?)]}'*_~"
_NAMES = frozenset({
    "token", "tok", "key", "apikey", "code", "otp", "totp", "pin", "sig", "signature", "secret", "password",
    "passwd", "pwd", "pass", "auth", "authorization", "hash", "hmac", "ticket", "nonce", "session", "sid",
    "jwt", "credential", "credentials", "invite", "invitation", "reset", "verify", "verification", "confirm",
    "confirmation", "activate", "activation", "magic", "login",
})  # fmt: skip
_ENDS = ("token", "key", "code", "secret", "hash", "signature", "otp", "password")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{16,}", re.IGNORECASE)


class Hidden(NamedTuple):
    """`secrets` are those of the hidden values that are long enough to be looked for; none of them is in `text`."""

    text: str
    secrets: frozenset[str]


def hide_in_text(text: str, known: Iterable[str] = ()) -> Hidden:
    """The text with the secrets of its links hidden, and those that are `known` wherever they stand. Text without
    links and known secrets comes back as it is; what comes back stays as it is from then on."""
    return _at_rest(text, known, lambda one, link: _IN_TEXT.sub(lambda url: link(url[0]), one))


def hide_in_html(html: str, known: Iterable[str] = ()) -> Hidden:
    """The same for HTML as it is written. Where a secret would be read all the same, as when tags or entities break up
    a link, the whole is hidden."""
    secrets = {*known, *hide_in_text(_as_read(html)).secrets}
    done = _at_rest(html, secrets, _html_links)
    read = _as_read(done.text)
    return Hidden(HIDDEN, done.secrets) if any(one in read for one in done.secrets) else done


def looks_random(text: str) -> bool:
    """Whether it is a token rather than words, a date or a number.

    >>> [looks_random(one) for one in ("8fK2pLx09ZqTv3mW7cYb", "black-friday-2026-50-off", "iphone15promax2")]
    [True, False, False]
    """
    if _UUID.search(text) or _HEX.search(text):
        return True
    kinds = [_kind(char) for char in text if char.isascii() and char.isalnum()]
    if len(kinds) < 12 or len(set(kinds)) < 2:
        return False
    turns = sum(one != other for one, other in pairwise(kinds)) / len(kinds)
    if "0" not in kinds:
        return len(kinds) >= 20 and turns >= 0.42
    return turns >= (0.25 if len(kinds) >= 20 else 0.35)


def _at_rest(text: str, known: Iterable[str], step: Callable[[str, Callable[[str], str]], str]) -> Hidden:
    secrets, met = set(known), dict[str, str]()

    def link(url: str) -> str:
        if url not in met:
            met[url] = _link(url, secrets)
        return met[url]

    for _ in range(MOST_ROUNDS):
        before = text
        text = step(text, link)
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        if text == before:
            return Hidden(text, frozenset(secrets))
    return Hidden(HIDDEN, frozenset(secrets))


def _html_links(html: str, link: Callable[[str], str]) -> str:
    def attribute(match: re.Match[str]) -> str:
        quotes = match[2][:1] if match[2][:1] in ("'", '"') else ""
        value = match[2].strip(quotes) if quotes else match[2]
        return f"{match[1]}{quotes}{_escaped_link(value, link)}{quotes}"

    return _IN_HTML.sub(lambda url: _escaped_link(url[0], link), _ATTRIBUTE.sub(attribute, html))


def _escaped_link(raw: str, link: Callable[[str], str]) -> str:
    url = unescape(raw)
    shown = link(url)
    return raw if shown == url else escape(shown)


def _as_read(html: str) -> str:
    """The source without what a reader does not see of it, beside the source without entities."""
    return unescape(re.sub(r"<[^<>]*+>", "", html)) + "\n" + unescape(html)


def _link(url: str, secrets: set[str], depth: int = 0) -> str:
    if url[:11].lower() == "data:image/":
        return url
    kept = url.rstrip(_CLOSING)
    match = _PARTS.fullmatch(kept)
    assert match is not None
    scheme, authority, rest = match[1] or "", match[2], match[3]
    if not scheme and "." not in authority and ":" not in authority:
        authority, rest = "", authority + rest
    user, at, host = authority.rpartition("@")
    name, colon, password = user.partition(":")
    if at and colon and (scheme or looks_random(password)):
        user = f"{name}:{_hide(password, secrets)}"
    shown = _rest(rest, secrets, depth) if len(kept) <= LONGEST_LINK else f"/{HIDDEN}"
    return scheme + user + at + host + shown + url[len(kept) :]


def _rest(rest: str, secrets: set[str], depth: int) -> str:
    """Path, query and fragment; the last two in either form."""
    return "".join(
        chunk if number % 2 else _chunk(chunk, secrets, depth)
        for number, chunk in enumerate(re.split(r"([?#&;])", rest))
    )


def _chunk(chunk: str, secrets: set[str], depth: int) -> str:
    name, is_pair, value = chunk.partition("=")
    if is_pair and "/" not in name:
        return f"{name}={_value(value, secrets, depth, is_named=_names_a_secret(unquote(name)))}"
    segments = chunk.split("/")
    for number, segment in enumerate(segments):
        before = segments[number - 1] if number else ""
        follows = _names_a_secret(before) and (len(segment) >= 16 or (len(segment) >= 6 and _has_digit(segment)))
        name, is_pair, value = segment.partition("=")
        if is_pair and not follows:
            segments[number] = f"{name}={_value(value, secrets, depth, is_named=_names_a_secret(name))}"
        else:
            segments[number] = _value(segment, secrets, depth, is_named=follows)
    return "/".join(segments)


def _value(raw: str, secrets: set[str], depth: int, *, is_named: bool) -> str:
    value = unquote(raw)
    if is_named:
        return _hide(raw, secrets)
    if re.search(r"[/?&=#]", value):
        if depth >= _DEEPEST:
            return _hide(raw, secrets)
        shown = _link(value, secrets, depth + 1)
        return raw if shown == value else quote(shown, safe="/:?=&#") if value == raw else quote(shown, safe="")
    return _hide(raw, secrets) if looks_random(value) else raw


def _hide(raw: str, secrets: set[str]) -> str:
    if not raw or raw == HIDDEN:
        return raw
    for one in (raw, unquote(raw), escape(raw)):
        if len(one) >= 12 or (len(one) >= 6 and _has_digit(one)):
            secrets.add(one)
    return HIDDEN


def _names_a_secret(name: str) -> bool:
    return name.lower().endswith(_ENDS) or any(word.lower() in _NAMES for word in _WORDS.findall(name))


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _kind(char: str) -> str:
    return "0" if char.isdigit() else "A" if char.isupper() else "a"
