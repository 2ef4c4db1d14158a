"""The parts of a message, numbered as they stand, whatever was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.captured import SOURCE
from mailtrap_site.testing.growth import LINEAR, growth
from sending.protocol.mime_tree import MOST_PARTS, read_tree


def test_parts_are_numbered_and_nested_as_they_stand():
    parts = read_tree(SOURCE).parts
    assert [(part.number, part.depth, part.content_type) for part in parts] == [
        (0, 0, "multipart/mixed"),
        (1, 1, "multipart/alternative"),
        (2, 2, "text/plain"),
        (3, 2, "text/html"),
        (4, 1, "text/html"),
    ]
    assert (parts[4].filename, parts[4].disposition, parts[4].encoding) == ("invoice.html", "attachment", "base64")
    assert parts[4].octets == b"<script>alert(1)</script>"
    assert [part.number for part in read_tree(SOURCE).leaves] == [2, 3, 4]


def test_text_and_html_are_the_first_that_are_no_attachments():
    tree = read_tree(SOURCE)
    assert (tree.text.text, tree.html.text) == ("It left this morning.", "<h1>It left this morning</h1>")
    attached = SOURCE.replace(b"text/html; charset=utf-8", b"text/html\r\nContent-Disposition: attachment")
    assert read_tree(attached).html is None


def test_a_message_in_a_message_is_one_part():
    source = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Subject: inner\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b--\r\n"
    )
    tree = read_tree(source)
    assert [part.content_type for part in tree.parts] == ["multipart/mixed", "message/rfc822"]
    assert tree.text is None
    assert b"Subject: inner" in tree.parts[1].octets
    assert b"Hello" in tree.parts[1].octets


@pytest.mark.parametrize("charset", ["nonsense", "idna", "utf-16", '"'])
def test_an_unknown_charset_costs_letters_only(charset):
    source = f"Content-Type: text/plain; charset={charset}\r\n\r\nHallo".encode()
    assert isinstance(read_tree(source).text.text, str)


@given(st.binary(max_size=300))
def test_any_octets_have_parts(octets):
    for source in (
        octets,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + octets,
        b"Content-Type: message/rfc822\r\n\r\n" + octets,
        b"Content-Type: text/html; charset=" + octets,
        b"Content-ID: " + octets + b"\r\nContent-Disposition: " + octets,
    ):
        for part in read_tree(source).parts:
            assert len(part.octets) <= 3 * len(source) + 1000
            shown = (part.text, part.charset, part.encoding, part.filename, part.content_id, part.content_type)
            for text in shown:
                text.encode("utf-8")


@pytest.mark.parametrize("piece", [b"--b\r\n\r\n", b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"])
def test_a_million_parts_are_not_taken_apart(piece):
    head = b'Content-Type: multipart/mixed; boundary*0="b"\r\n\r\n'
    assert read_tree(head + piece * (8_000_000 // len(piece))).parts == ()
    assert growth(lambda octets: read_tree(head + piece * (octets // len(piece))), 8_000_000) < LINEAR
    assert len(read_tree(head + piece * (MOST_PARTS - 2)).parts) == MOST_PARTS - 1
