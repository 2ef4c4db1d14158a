"""Each rule finds what it is for, says nothing of a good mail, and reads anything in bounded time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.captured import SOURCE
from mailtrap_site.testing.growth import LINEAR, growth
from sending.capture.checks import CLIPPED_OCTETS, check
from sending.capture.findings import MEANINGS
from sending.models import Stream
from sending.protocol.mime_tree import read_tree


def mail(html="<p>Hi</p>", text="Hi", *, head="", without=()):
    """A good mail, unless something is changed."""
    fields = {
        "From": "a@example.test",
        "To": "b@far.test",
        "Subject": "Hello",
        "Date": "Sun, 22 Nov 2026 08:00:00 +0000",
        "Message-ID": "<1@example.test>",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if name not in without)
    parts = "".join(
        f"--b\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{content}\r\n"
        for kind, content in (("plain", text), ("html", html))
        if content is not None
    )
    return f"{lines}{head}Content-Type: multipart/alternative; boundary=b\r\n\r\n{parts}--b--\r\n".encode()


def found(source, stream=None):
    return {finding.code for finding in check(source, read_tree(source), stream)}


def test_a_good_mail_is_left_alone():
    assert found(mail()) == set()
    assert found(SOURCE) == set()
    unsubscribe = "List-Unsubscribe: <https://a.test/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    links = "".join(f'<a href="{target}">A</a>' for target in ("https://a.test/", "mailto:a@a.test", "tel:1", "#top"))
    assert found(mail(f'{links}<img src="https://a.test/b" alt="">', head=unsubscribe), Stream.BULK) == set()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (mail(without=("From",)), "no_from"),
        (mail(head="From: c@example.test\r\n"), "several_from"),
        (mail(without=("Date",)), "no_date"),
        (mail(without=("Message-ID",)), "no_message_id"),
        (mail(head="Subject: again\r\n"), "repeated_field"),
        (mail(head="no field\r\n"), "malformed_field"),
        (mail(head="X-Name: Grüße\r\n"), "eight_bit_head"),
        (mail("a\rb"), "bare_cr"),
        (mail("a\nb"), "bare_lf"),
        (mail("a\0b"), "nul"),
        (mail("x" * 999), "long_line"),
        (mail(without=("Subject",)), "no_subject"),
        (mail(text=None), "no_text"),
        (mail(text="  \r\n"), "no_text"),
        (mail(None, None), "nothing_to_read"),
        (mail("multipart/x\r\n" * 60), "too_many_parts"),
        (mail("<p>Hi {{ name }}</p>"), "placeholders"),
        (mail(text="Dear ${user.name}, <%= total %>"), "placeholders"),
        (mail(head="X-Kept: {% if x %}\r\n", text="{% if paid %}Thanks"), "placeholders"),
        (mail("<p>123456789</p>\r\n" * (CLIPPED_OCTETS // 18 + 1)), "clipped"),
        (mail('<img src="https://a.test/a.png">'), "no_alt"),
        (mail('<img src="http://a.test/a.png" alt="">'), "plain_images"),
        (mail('<img src="data:image/gif;base64,R0lG" alt="">'), "data_images"),
        (mail('<img src="cid:nobody" alt="">'), "missing_images"),
        (mail('<a href="/orders/1">x</a>'), "relative_links"),
        (mail('<a href="www.a.test">x</a>'), "relative_links"),
        (mail('<a href="http://localhost:3000/">x</a>'), "local_links"),
        (mail('<a href="https://127.0.0.1/">x</a>'), "local_links"),
        (mail('<a href="">x</a>'), "empty_links"),
        (mail("<form><input></form>"), "active_content"),
        (mail('<link rel="stylesheet" href="https://a.test/a.css">'), "linked_styles"),
        (SOURCE.replace(b"invoice.html", b"invoice.pdf.EXE"), "blocked_attachment"),
        (mail(head="Precedence: bulk\r\n"), "no_unsubscribe"),
        (mail(head="List-Unsubscribe: <mailto:u@a.test>\r\n"), "no_one_click"),
    ],
    ids=lambda value: value if isinstance(value, str) else "mail",
)
def test_each_rule_finds_its_own(source, code):
    assert found(source) == {code}


def test_the_stream_decides_about_unsubscribing():
    assert found(mail(), Stream.BULK) == {"no_unsubscribe"}
    assert found(mail(), Stream.TRANSACTIONAL) == set()


def test_an_inline_image_that_is_there_is_not_missed():
    source = (
        b"From: a@b.test\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@b.test>\r\n"
        b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        b'<img alt="" src="cid:a@b">\r\n--b\r\nContent-Type: image/gif\r\nContent-ID: <a@b>\r\n\r\nGIF\r\n--b--\r\n'
    )
    assert found(source) == {"no_text"}


def test_the_worst_comes_first_with_what_was_seen():
    source = mail('<img src="https://a.test/1.png"><img src="https://a.test/2.png"><a href="/x">x</a>')
    worst, other = check(source, read_tree(source))
    assert (worst.code, worst.tone, other.code, other.tone) == ("relative_links", "bad", "no_alt", "warn")
    assert worst.advice.endswith("Seen: “/x”")
    assert other.heading == "Images without alt text: 2"


def test_every_meaning_is_a_whole_sentence():
    for tone, heading, advice in MEANINGS.values():
        assert tone in ("bad", "warn", "neutral")
        assert not heading.endswith(".")
        assert advice.endswith((".", ")."))


@given(st.binary(max_size=300))
def test_any_octets_are_checked(octets):
    for source in (octets, mail(octets.decode("latin-1"))):
        check(source, read_tree(source))


@pytest.mark.parametrize("piece", ["{{", "<a href=", "<img src=cid:", "<!--", "<a href='http://[", "${a."])
def test_a_hostile_mail_takes_a_bounded_time(piece):
    def check_one(octets):
        source = mail(piece * (octets // len(piece)))
        check(source, read_tree(source))

    assert growth(check_one, 2_000_000) < LINEAR
