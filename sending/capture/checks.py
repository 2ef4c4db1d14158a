"""What a reader, or a receiving server, could take offence at in a mail: small rules, whose words `findings` holds."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from sending.capture.findings import Finding, Found, tell
from sending.models import Stream
from sending.protocol.html_tags import Tag, read_tags
from sending.protocol.message_head import Defect, MessageHead, defects, parse_head, split
from sending.protocol.mime_headers import decode_words
from sending.protocol.mime_tree import MimeTree

CLIPPED_OCTETS = 102 * 1024
"""Gmail shows no more of an HTML part."""
LOOKED_AT = 1_000_000
"""Characters of a part; who sends more is told that it is too long."""
_BLOCKED = re.compile(
    r"\.(ade|adp|apk|appx|bat|cab|chm|cmd|com|cpl|dll|dmg|exe|hta|ins|iso|jar|jse?|lib|lnk|mde|ms[cipt]|nsh|ps1|scr|sct"
    r"|shb|sys|vb[es]?|vxd|ws[cfh])\s*$",
    re.IGNORECASE,
)
"""Endings of attachments that Gmail and Outlook refuse."""
_PLACEHOLDER = re.compile(r"\{\{[^{}]{1,80}\}\}|\{%[^{}%]{1,80}%\}|<%=?[^<>%]{1,80}%>|\$\{[A-Za-z_][\w.]{0,60}\}")
_INACTIVE = frozenset({"script", "form", "iframe", "object", "embed", "video"})


@dataclass(frozen=True)
class Looked:
    """A mail as the rules see it; `stream` is None where nobody knows."""

    source: bytes
    tree: MimeTree
    stream: Stream | None = None

    @cached_property
    def head(self) -> MessageHead:
        return parse_head(split(self.source)[0])

    @cached_property
    def subject(self) -> str:
        return decode_words(self.head.first("Subject") or "").strip()

    @cached_property
    def text(self) -> str:
        return self.tree.text.text[:LOOKED_AT].strip() if self.tree.text else ""

    @cached_property
    def html(self) -> str:
        return self.tree.html.text[:LOOKED_AT].strip() if self.tree.html else ""

    @cached_property
    def tags(self) -> list[Tag]:
        return list(read_tags(self.html))

    def values(self, tag: str, attribute: str) -> list[str]:
        """The attribute of each such tag that has one."""
        return [value for one in self.tags if one.name == tag and (value := one.get(attribute)) is not None]


Rule = Callable[[Looked], Iterator[Found]]


def check(source: bytes, tree: MimeTree, stream: Stream | None = None) -> list[Finding]:
    """Everything that the rules find, the worst first."""
    looked = Looked(source, tree, stream)
    found = [tell(one) for rule in RULES for one in rule(looked)]
    return sorted(found, key=lambda finding: ("bad", "warn", "neutral").index(finding.tone))


def _wire(mail: Looked) -> Iterator[Found]:
    found = defects(mail.source)
    yield from (Found(defect.value) for defect in Defect if defect in found)


def _content(mail: Looked) -> Iterator[Found]:
    if not mail.subject:
        yield Found("no_subject")
    if not mail.tree.parts:
        yield Found("too_many_parts")
    elif not mail.text:
        yield Found("no_text" if mail.html else "nothing_to_read")
    if found := [one for text in (mail.subject, mail.text, mail.html) for one in _PLACEHOLDER.findall(text)]:
        yield Found("placeholders", list(dict.fromkeys(found)))
    if mail.tree.html and (size := len(mail.tree.html.octets)) > CLIPPED_OCTETS:
        yield Found("clipped", size=size)


def _images(mail: Looked) -> Iterator[Found]:
    images = [(one.get("src") or "", one.get("alt")) for one in mail.tags if one.name == "img"]
    sources = [source for source, _alt in images]
    known = {one.content_id for one in mail.tree.leaves if one.content_id}
    if missing := [one for one in sources if one.lower().startswith("cid:") and one[4:] not in known]:
        yield Found("missing_images", missing)
    if silent := [source for source, alt in images if alt is None]:
        yield Found("no_alt", silent, count=len(silent))
    if plain := [one for one in sources if one.lower().startswith("http://")]:
        yield Found("plain_images", plain)
    if any(one.lower().startswith("data:") for one in sources):
        yield Found("data_images")


def _links(mail: Looked) -> Iterator[Found]:
    targets = mail.values("a", "href")
    if relative := [one for one in targets if one and one[0] not in "#{$<" and ":" not in one.partition("/")[0]]:
        yield Found("relative_links", relative)
    if local := [one for one in targets if _is_local(one)]:
        yield Found("local_links", local)
    if empty := [one for one in targets if one in ("", "#")]:
        yield Found("empty_links", count=len(empty))


def _left_out(mail: Looked) -> Iterator[Found]:
    if found := sorted(_INACTIVE & {one.name for one in mail.tags}):
        yield Found("active_content", [f"<{name}>" for name in found])
    if any("stylesheet" in value.lower() for value in mail.values("link", "rel")):
        yield Found("linked_styles")
    if blocked := [one.filename for one in mail.tree.leaves if _BLOCKED.search(one.filename)]:
        yield Found("blocked_attachment", blocked)


def _unsubscribe(mail: Looked) -> Iterator[Found]:
    has_field = mail.head.first("List-Unsubscribe") is not None
    is_bulk = mail.stream == Stream.BULK or (mail.head.first("Precedence") or "").lower() in ("bulk", "list")
    if is_bulk and not has_field:
        yield Found("no_unsubscribe")
    elif has_field and mail.head.first("List-Unsubscribe-Post") is None:
        yield Found("no_one_click")


RULES: tuple[Rule, ...] = (_wire, _content, _images, _links, _left_out, _unsubscribe)


def _is_local(target: str) -> bool:
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith((".localhost", ".local"))
