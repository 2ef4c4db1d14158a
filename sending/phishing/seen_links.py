"""Where a mail leads its reader, as values: links with the text that stands for them, and forms. Pure."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from urllib.parse import unquote, urlsplit

from sending.protocol.address import AddressError, to_ascii_domain
from sending.protocol.html_tags import read_tags
from sending.protocol.mime_tree import MimeTree, Part
from sending.protocol.secret_links import HIDDEN, hide_in_text
from sending.protocol.tracked_html import read_html
from sending.protocol.tracked_text import read_text

LOOKED_AT = 1_000_000
"""Characters of a part."""
LONGEST_TEXT = 400
_REST_OF_TAG = re.compile(rb"""["']?(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
_IGNORED = re.compile(r"[\t\r\n]")
_NUMBERS = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){0,3}")
_SHOWN_SITE = re.compile(r"(https?://|www\.)?((?:[\w-]+\.)+[^\W\d_]{2,24})(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """A link as it stands, or where a form sends what is typed."""

    url: str
    text: str = ""
    """What the reader sees of it, in one line."""
    is_form: bool = False

    @cached_property
    def _clean(self) -> str:
        """As browsers read it (URL Standard 4.4)."""
        return _IGNORED.sub("", self.url).strip().replace("\\", "/")

    @property
    def scheme(self) -> str:
        return self._clean.partition(":")[0].lower() if ":" in self._clean else ""

    @cached_property
    def host(self) -> str:
        """In A-labels; empty for what is no address of the web."""
        if self.scheme not in ("http", "https"):
            return ""
        try:
            host = (urlsplit(self._clean).hostname or "").rstrip(".")
        except ValueError:
            return ""
        try:
            return to_ascii_domain(host)
        except AddressError:
            return host

    @property
    def user(self) -> str:
        """What stands before an `@` of the authority."""
        try:
            return unquote(urlsplit(self._clean).netloc.rpartition("@")[0])
        except ValueError:
            return ""

    @property
    def path(self) -> str:
        try:
            return urlsplit(self._clean).path
        except ValueError:
            return ""

    @property
    def is_address(self) -> bool:
        """Whether an IP address stands for the host, in any way of writing it, and one that everybody reaches."""
        try:
            return ipaddress.ip_address(self.host).is_global
        except ValueError:
            return (_NUMBERS.fullmatch(self.host) is not None and "." not in self.host) or "0x" in self.host[:2]

    @property
    def shown_site(self) -> str:
        """The host that the text claims to lead to, in A-labels; empty where the text is none."""
        found = _SHOWN_SITE.fullmatch(self.text.strip("<>()[] .…→»"))
        if found is None:
            return ""
        try:
            return to_ascii_domain(found[2].lower())
        except AddressError:
            return ""

    @property
    def claims_a_site(self) -> bool:
        """Whether the text is surely meant as an address, by how it begins."""
        return self.text.strip("<>()[] ").lower().startswith(("http://", "https://", "www."))

    @property
    def evidence(self) -> str:
        """For people: without query and fragment, without secrets, and without anybody's address."""
        if not self.host:
            return f"{self.scheme[:20]}:…"
        scheme, _colon, rest = self._clean.partition("://")
        authority, _slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
        user, at, host = authority.rpartition("@")
        segments = [HIDDEN if "@" in unquote(one) else one for one in path.split("/")]
        before = f"{user.partition(':')[0]}@" if at and "@" not in unquote(user) else f"{HIDDEN}@" if at else ""
        plain = hide_in_text(f"{scheme}://{host}/{'/'.join(segments)}").text
        shown = plain.replace("://", f"://{before}", 1)
        return "".join(char for char in shown if char.isprintable())[:300]


@dataclass(frozen=True, slots=True)
class SeenLinks:
    """Of one mail."""

    links: tuple[Link, ...]
    asks_for_password: bool = False


def seen_links(tree: MimeTree) -> SeenLinks:
    """Of all texts and HTML, attached HTML included: readers open it."""
    links: list[Link] = []
    asks = False
    for part in tree.leaves:
        if part.content_type == "text/html" or part.filename.lower().endswith((".html", ".htm", ".shtml")):
            html = part.text[:LOOKED_AT]
            links += [*_of_html(html), *_forms(html)]
            asks = asks or any(one.name == "input" and one.get("type") == "password" for one in read_tags(html))
        elif part.content_type == "text/plain" and not part.is_attached:
            links += _of_text(part)
    return SeenLinks(tuple(dict.fromkeys(links)), asks)


def _of_html(html: str) -> Iterator[Link]:
    octets = html.encode("utf-8", "replace")
    for href in read_html(octets).links:
        tag_end = _REST_OF_TAG.match(octets, href.end)
        start = tag_end.end() if tag_end else href.end
        inner = octets[start : start + LONGEST_TEXT].partition(b"</a")[0].partition(b"</A")[0]
        text = unescape(re.sub(r"<[^<>]*+>", "", inner.decode("utf-8", "replace")))
        yield Link(unescape(href.value.decode("utf-8", "replace")), " ".join(text.split()))


def _forms(html: str) -> Iterator[Link]:
    for tag in read_tags(html):
        if tag.name == "form" and (action := tag.get("action")):
            yield Link(action, is_form=True)


def _of_text(part: Part) -> Iterator[Link]:
    octets = part.text[:LOOKED_AT].encode("utf-8", "replace")
    return (Link(one.value.decode("utf-8", "replace")) for one in read_text(octets))
