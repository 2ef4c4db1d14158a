"""The links of HTML and where it ends, by offsets: nothing is written anew, so nothing is damaged.

Reads as browsers do (HTML 13.2.5): attributes, comments, text of scripts and styles. Whatever a browser would drop at
the end of broken HTML is left alone. Conditional comments are read too, since Outlook shows them. Works on octets:
in every charset that is let in here, `<`, `>` and quotes are what they are in ASCII. In time that follows its length.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BLANK = rb"[\t\n\f\r ]"
_VALUE = rb"""(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >"'][^\t\n\f\r >]*+|(?=>))"""
_NAME = rb"[^\t\n\f\r />][^\t\n\f\r />=]*+"
_ATTRIBUTES = rb"(?:[\t\n\f\r /]++|%b(?:%b*+=%b*+%b|(?!%b*+=)))*+" % (_NAME, _BLANK, _BLANK, _VALUE, _BLANK)
_ENDS = rb"(?=[\t\n\f\r />])"
_LINK = rb"(?:a|area|v:(?:roundrect|rect|oval|shape))" + _ENDS
_RAW_NAMES = (b"script", b"style", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes")
# Spelt out, because a group within a possessive repeat is more than Python 3.11 gets right.
_RAW = b"|".join(
    rb"<%b%b%b>(?:[^<]++|<(?!/%b%b))*+(?=<)" % (name, _ENDS, _ATTRIBUTES, name, _ENDS) for name in _RAW_NAMES
)
_PASSED = (
    rb"(?:[^<]++|<(?![A-Za-z!/?])|<!--(?!\[if)(?:-?>|(?:[^-]++|-(?!->))*+-->)|<!(?!--)[^>]*+>|<\?[^>]*+>|</(?![A-Za-z])[^>]*+>"
    rb"|</(?!(?:body|html)%b)[A-Za-z]%b>|%b|<(?!%b|(?:%b)%b)[A-Za-z]%b>)*+"
    % (_ENDS, _ATTRIBUTES, _RAW, _LINK, b"|".join(_RAW_NAMES), _ENDS, _ATTRIBUTES)
)
_NEXT = re.compile(
    rb"(?i)%b(?:(?P<link><%b%b>)|(?P<conditional><!--\[if(?:[^-]++|-(?!->))*+-->)|(?P<end></(?:body|html)%b>)|(?P<rest><|\Z))"
    % (_PASSED, _LINK, _ATTRIBUTES, _ATTRIBUTES)
)
_ATTRIBUTE = re.compile(rb"(%b)(?:%b*+=%b*+(%b))?" % (_NAME, _BLANK, _BLANK, _VALUE))
_USUAL_END = re.compile(rb"(?i)</body[\t\n\f\r ]*>[\t\n\f\r ]*</html[\t\n\f\r ]*>[\t\n\f\r ]*\Z")
_LONGEST_LINK_TEXT = 400
MOST_LINKS = 1_000
"""Of one part; those beyond are left as they are."""
_UNSUBSCRIBES = re.compile(
    rb"__unsubscribe_url__|unsub|opt[-_ ]?out|abmeld|abbestell|austragen|d(?:e|\xc3\xa9|\xe9|&eacute;)s(?:abonn|inscr)"
    rb"|de baja|des?suscri|disiscri|cancellati|uitschrijv|afmeld|wypis|rezygn|odhl|cancelar (?:inscri|assin)|avregistr"
    rb"|" + "отпис|登録解除|配信停止|退订|退訂|수신거부".encode()
)


class Href(NamedTuple):
    """A link: its value by offsets, without quotes; the offset of the attribute, before which a line may break."""

    start: int
    end: int
    attribute: int
    value: bytes
    is_left_alone: bool
    """The author does not want it tracked, or it is a link to unsubscribe."""
    unsubscribes: bool


class Html(NamedTuple):
    """`end` is where something can be put that is shown last: before `</body>`, or where a browser stops reading."""

    links: list[Href]
    end: int

    @property
    def unsubscribes(self) -> bool:
        return any(link.unsubscribes for link in self.links)


def says_unsubscribe(octets: bytes) -> bool:
    """Whether a link, or a text, speaks of unsubscribing, in the languages that we know the words of."""
    return _UNSUBSCRIBES.search(octets.lower()) is not None


def read_html(html: bytes, *, ends_alone: bool = False) -> Html:
    """Any octets are read. With `ends_alone` the links are left out, and HTML that ends as it should is not read."""
    if (
        ends_alone
        and (usual := _USUAL_END.search(html, max(html.rfind(b"</", 0, max(html.rfind(b"</"), 0)), 0))) is not None
    ):
        return Html([], usual.start())
    links: list[Href] = []
    body: int | None = None
    position = 0
    while True:
        token = _NEXT.match(html, position)
        assert token is not None
        kind = token.lastgroup or ""
        start = token.start(kind)
        position = token.end()
        if ends_alone and kind in ("link", "conditional"):
            continue
        if kind == "link":
            if len(links) < MOST_LINKS:
                links += _href(html, start, position)
        elif kind == "conditional":
            links += _inside(html, start + 4, position - 3)
        elif kind == "end":
            is_body = html[start + 2 : start + 6].lower() == b"body"
            body = start if is_body or body is None else body
        else:
            return Html(links, start if body is None else body)


def _inside(html: bytes, start: int, end: int) -> Iterator[Href]:
    """The links of a conditional comment."""
    while (token := _NEXT.match(html, start, end)) is not None and token.lastgroup != "rest":
        if token.lastgroup == "link":
            yield from _href(html, token.start("link"), token.end())
        start = token.end()


def _href(html: bytes, start: int, end: int) -> list[Href]:
    """The first href of a tag, the one that counts."""
    found: tuple[int, int, int] | None = None
    left_alone = False
    blank = re.search(rb"[\t\n\f\r />]", html[start:end])
    assert blank is not None
    for attribute in _ATTRIBUTE.finditer(html, start + blank.start(), end - 1):
        name = attribute[1].lower()
        if name == b"href" and found is None and attribute[2]:
            quotes = 1 if attribute[2][:1] in (b'"', b"'") else 0
            found = attribute.start(2) + quotes, attribute.end(2) - quotes, attribute.start()
        elif name == b"data-mt-no-track":
            left_alone = True
    if found is None:
        return []
    value = html[found[0] : found[1]]
    text, ends, _rest = html[end : end + _LONGEST_LINK_TEXT].lower().partition(b"</a")
    unsubscribes = says_unsubscribe(value) or (bool(ends) and says_unsubscribe(text))
    return [Href(*found, value, left_alone or unsubscribes, unsubscribes)]
