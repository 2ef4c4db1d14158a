"""What one sender writes into a header must not keep everybody else waiting."""

from dataclasses import replace

import pytest

from mailtrap_site.testing.growth import LINEAR, growth
from sending.protocol.address import parse_mailboxes
from sending.protocol.message_head import MAX_HEAD
from sending.tests.protocol.smtp_dialogues import INBOUND, DecidedServer

TO_DATA = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n"
TO_RCPT = TO_DATA.removesuffix(b"DATA\r\n")
LINES = (b"X-Filler: " + b"a" * 900 + b"\r\n") * (MAX_HEAD // 900)


def test_a_name_of_many_dots_takes_time_in_proportion_to_its_length():
    [mailbox] = parse_mailboxes("a" + " .b" * 40_000 + " <a@b.test>")
    assert mailbox.address.wire == "a@b.test"
    assert growth(lambda dots: parse_mailboxes("a" + " .b" * dots + " <a@b.test>"), 40_000) < LINEAR


def test_a_group_of_many_comments_takes_time_in_proportion_to_its_length():
    assert parse_mailboxes("g:;" + "()" * 40_000) == []
    assert growth(lambda comments: parse_mailboxes("g:;" + "()" * comments), 40_000) < LINEAR


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (LINES + b"\r\nHello\r\n", 552),
        (LINES, 552),
        (b"From: a@b.test\r\n\r\n" + LINES, 250),
        (b"\r\n" + LINES, 250),
    ],
)
def test_a_head_beyond_the_limit_is_refused_and_the_session_goes_on(content: bytes, code: int):
    server = DecidedServer(replace(INBOUND, max_size=4 * MAX_HEAD))
    server.feed(TO_DATA + content + b".\r\nNOOP\r\n")
    assert server.codes()[5:] == [code, 250]


@pytest.mark.parametrize("chunk", [b"BDAT 0\r\n", b"BDAT 1\r\nx", b"BDAT 511\r\n" + b"x" * 511])
def test_a_flood_of_chunks_that_bring_nothing_ends_the_connection(chunk: bytes):
    server = DecidedServer(INBOUND)
    server.feed(TO_RCPT + chunk * 200)
    assert server.codes()[4:] == [250] * 99 + [421]


def test_a_mail_may_come_in_many_chunks_of_some_size():
    server = DecidedServer(INBOUND)
    line = b"x" * 510 + b"\r\n"
    server.feed(TO_RCPT + (b"BDAT 512\r\n" + line) * 150 + b"BDAT 3 LAST\r\nx\r\nNOOP\r\n")
    assert server.codes()[4:] == [250] * 152
    assert server.messages()[0].content == line * 150 + b"x\r\n"


def test_recipients_far_beyond_those_that_a_mail_may_have_end_the_connection():
    server = DecidedServer(replace(INBOUND, max_recipients=1))
    server.feed(TO_RCPT + b"RCPT TO:<x@y.test>\r\n" * 1500)
    assert server.codes()[4:] == [452] * 1000 + [421]
