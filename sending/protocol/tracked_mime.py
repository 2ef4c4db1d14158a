"""A stored message with what is put in for its recipients: the pixel, tracked links, placeholders, footer, list fields.

Pure, and the same for the same message and additions, so that the source shown later is what was sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sending.protocol.additions import Additions
from sending.protocol.displayed_parts import displayed_parts
from sending.protocol.footers import PIXEL, Footer
from sending.protocol.list_fields import PURPOSES, filled, list_fields
from sending.protocol.message_head import parse_head, split
from sending.protocol.part_edits import Content, Edit, Pieces
from sending.protocol.recipient_links import PATH, Purpose
from sending.protocol.targets import PLACEHOLDER, target_of, target_of_attribute
from sending.protocol.template import Slot, Template, template
from sending.protocol.tracked_html import Href, Html, read_html, says_unsubscribe
from sending.protocol.tracked_text import read_text

MOST_LOOKED_AT = 1024 * 1024
# Encoded ones included: quoted-printable may break a line anywhere, and base64 hides all.
_SIGNS_OF_PLACEHOLDERS = (b"__", b"_=\r\n_", b"=5f", b"base64")


def compile_mail(message: bytes, additions: Additions) -> Template:
    """The message as a template. What its author signed or encrypted stays untouched, list fields apart."""
    if _leaves_as_it_is(message, additions):
        return template([message])
    head, _body = split(message)
    fields = parse_head(head).fields
    pieces: Pieces = [*filled(head, fields)]
    if additions.are_of_a_list:
        pieces += list_fields(fields, additions.feedback_id)
    position = len(head)
    for content, edits in _Mail(message, additions).edits():
        pieces += (message[position : content.part.start], *content.edited(edits, additions.base))
        position = content.part.end
    return template([*pieces, message[position:]])


def _leaves_as_it_is(message: bytes, additions: Additions) -> bool:
    """A quick look at a message of ordinary size, so that most mail which is not to be changed is not taken apart."""
    only_opens = not (additions.clicks or additions.unsubscribe_footer or additions.opt_out_footer)
    if additions.are_of_a_list or not only_opens or len(message) > MOST_LOOKED_AT:
        return False
    lowered = message.lower()
    if additions.opens and b"text/html" in lowered:
        return False
    return not any(sign in lowered for sign in _SIGNS_OF_PLACEHOLDERS)


@dataclass(slots=True)
class _Mail:
    """The displayed parts of one message, and what changes in them."""

    message: bytes
    additions: Additions
    own: bytes = b""
    left_alone: set[bytes] = field(default_factory=set)
    """Targets that the author does not want tracked in HTML; in the text they are left alone too."""

    def edits(self) -> Iterator[tuple[Content, list[Edit]]]:
        """Each part that can be changed, with its edits in order."""
        contents = [Content(self.message, part) for part in displayed_parts(self.message)]
        if not self.additions.change_bodies:
            contents = [content for content in contents if content.may_have_placeholders]
            return ((content, _placeholders(content.octets)) for content in contents)
        contents = [content for content in contents if content.is_sound]
        self.own = (self.additions.base + PATH).encode("ascii")
        needs_links = self.additions.clicks or self.additions.unsubscribe_footer
        htmls = {
            number: read_html(one.octets, ends_alone=not needs_links)
            for number, one in enumerate(contents)
            if one.part.is_html
        }
        footer = self._footer(contents, htmls)
        made: dict[int, list[Edit]] = {}
        # HTML first: what its author does not want tracked is then left alone in the text too.
        for number, html in htmls.items():
            pixel = PIXEL if self.additions.opens and number == min(htmls) else ()
            end = (*(footer.html() if number == max(htmls) else ()), *pixel)
            made[number] = self._in_html(contents[number], html)
            made[number] += [Edit(html.end, html.end, (b"\r\n", *end, b"\r\n"))] if end else []
        texts = [number for number in range(len(contents)) if number not in htmls]
        for number in texts:
            made[number] = self._in_text(contents[number])
            made[number] += _at_end(contents[number], footer) if number == texts[-1] else []
        return ((content, sorted(made[number], key=_start)) for number, content in enumerate(contents))

    def _footer(self, contents: list[Content], htmls: dict[int, Html]) -> Footer:
        """What is missing in the HTML or, in a mail without any, in the text."""
        shown = [contents[number].octets for number in htmls] or [content.octets for content in contents]
        unsubscribe = self.additions.unsubscribe_footer
        if htmls:
            unsubscribe = unsubscribe and not any(html.unsubscribes for html in htmls.values())
        else:
            unsubscribe = unsubscribe and not any(says_unsubscribe(octets) for octets in shown)
        is_tracked = self.additions.clicks or (self.additions.opens and bool(htmls))
        opts_out = any(b"__tracking_opt_out_url__" in octets for octets in shown)
        opt_out = self.additions.opt_out_footer and is_tracked and not opts_out
        return Footer(unsubscribe, opt_out, self.additions.sender if unsubscribe else "")

    def _in_html(self, content: Content, html: Html) -> list[Edit]:
        edits = _placeholders(content.octets)
        if not self.additions.clicks:
            return edits
        for link in html.links:
            target = target_of_attribute(link.value, content.part.charset, self.own)
            if target is None:
                continue
            if link.is_left_alone:
                self.left_alone.add(target)
            else:
                edits.append(_tracked(link, target))
        return edits

    def _in_text(self, content: Content) -> list[Edit]:
        edits = _placeholders(content.octets)
        if not self.additions.clicks:
            return edits
        for link in read_text(content.octets):
            target = target_of(link.value, content.part.charset, self.own)
            if target is not None and target not in self.left_alone and not says_unsubscribe(link.value):
                edits.append(Edit(link.start, link.end, (Slot(Purpose.CLICK, target),), optional=True))
        return edits


def _tracked(link: Href, target: bytes) -> Edit:
    return Edit(link.start, link.end, (Slot(Purpose.CLICK, target),), break_at=link.attribute, optional=True)


def _placeholders(octets: bytes) -> list[Edit]:
    return [Edit(found.start(), found.end(), (Slot(PURPOSES[found[1]]),)) for found in PLACEHOLDER.finditer(octets)]


def _start(edit: Edit) -> int:
    return edit.start


def _at_end(content: Content, footer: Footer) -> list[Edit]:
    """The footer, where the text does not say it already. A text that went without encoding as ASCII stays ASCII."""
    if footer.unsubscribe and says_unsubscribe(content.octets):
        footer = footer._replace(unsubscribe=False, sender="")
    is_plain = content.part.encoding not in ("quoted-printable", "base64") and content.octets.isascii()
    pieces = footer.text("ascii" if is_plain else content.part.charset)
    end = len(content.octets.rstrip(b"\r\n"))
    return [Edit(end, len(content.octets), pieces)] if pieces else []
