"""Whatever was sent is read as well as it goes, and never breaks the page."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.growth import LINEAR, growth
from sending.pages.previews import PREVIEW_POLICY, Reading, preview_response, read_mail, show_source


def test_text_and_html_are_decoded_by_their_charset():
    source = (
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n"
    )
    reading = read_mail(source)
    assert reading.text == "Grüße\r\n"
    assert ("Subject", "Grüße") in reading.headers


def test_an_unknown_or_slow_charset_costs_letters_only():
    for charset in (b"nonsense", b"idna", b"punycode", b"rot13", b"undefined", b'"'):
        source = b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n" + b"Hello"
        assert read_mail(source).text == "Hello"


def test_inline_images_travel_with_the_html():
    picture = base64.b64encode(b"GIF89a").decode()
    source = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        '--b\r\nContent-Type: text/html\r\n\r\n<img src="cid:logo@x"><img src="cid:other">\r\n'
        "--b\r\nContent-Type: image/gif\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{picture}\r\n--b--\r\n"
    )
    reading = read_mail(source.encode())
    assert f'src="data:image/gif;base64,{picture}"' in reading.html
    assert 'src="cid:other"' in reading.html
    assert reading.attachments == []


def test_an_attached_text_is_an_attachment_and_not_the_text():
    source = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.txt\r\n\r\nprice\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nbody\r\n--b--\r\n"
    )
    reading = read_mail(source)
    assert reading.text.strip() == "body"
    assert [one.name for one in reading.attachments] == ["€.txt"]


def test_parts_nested_without_end_leave_the_headers():
    source = b"Subject: deep\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    assert ("Subject", "deep") in read_mail(source).headers


def test_links_open_a_window_of_their_own():
    html = "<html><HEAD class=x><title>t</title></HEAD><body><a href='https://a.test'>a</a></body></html>"
    source = b"Content-Type: text/html\r\n\r\n" + html.encode()
    response = preview_response(read_mail(source))
    assert b'<HEAD class=x><base target="_blank">' in response.content
    assert response["Content-Security-Policy"] == PREVIEW_POLICY


def test_a_long_source_is_cut_on_the_page():
    source = show_source(b"x" * 300_000)
    assert source.is_cut
    assert len(source.text) == 200_000


@given(st.binary(max_size=400))
def test_any_octets_are_read_and_can_be_shown(octets: bytes):
    for source in (octets, b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + octets):
        reading = read_mail(source)
        shown = [reading.text, reading.html, show_source(source).text, *(one.name for one in reading.attachments)]
        for text in (*shown, *(part for header in reading.headers for part in header)):
            text.encode("utf-8")


def test_a_head_that_is_opened_again_and_again_takes_time_in_proportion_to_its_length():
    assert growth(lambda heads: preview_response(Reading([], html="<head" * heads)), 100_000) < LINEAR


def test_parts_within_parts_beyond_reason_leave_the_headers():
    source = b"Subject: deep\r\n" + b"".join(
        b"Content-Type: Multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200)
    )
    reading = read_mail(source + b"\r\n" + b"-- x\r\n" * 100_000)
    assert reading.headers[0] == ("Subject", "deep")
    assert growth(lambda lines: read_mail(source + b"\r\n" + b"-- x\r\n" * lines), 100_000) < LINEAR


def test_a_mail_cannot_say_where_its_links_begin():
    policy = preview_response(Reading([], html='<base href="https://evil.test/"><a href="x">x</a>'))
    assert "base-uri 'none'" in policy["Content-Security-Policy"]


def test_an_image_that_html_names_again_and_again_does_not_fill_the_memory():
    picture = base64.b64encode(b"x" * 3_000_000)
    source = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n" + b'<img src="cid:a">' * 10_000 + b"\r\n"
        b"--b\r\nContent-Type: image/gif\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + picture
        + b"\r\n--b--\r\n"
    )
    html = read_mail(source).html
    assert html.count("data:image/gif") == 6
    assert html.count("cid:a") == 9_994
