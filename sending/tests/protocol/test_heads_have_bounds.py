"""What one sender writes into a header must not keep everybody else waiting."""

import time
from dataclasses import replace

import pytest

from sending.protocol.address import parse_mailboxes
from sending.protocol.message_head import MAX_HEAD
from sending.tests.protocol.smtp_dialogues import INBOUND, DecidedServer

TO_DATA = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n"
LINES = (b"X-Filler: " + b"a" * 900 + b"\r\n") * (MAX_HEAD // 900)


def test_a_name_of_many_dots_takes_time_in_proportion_to_its_length():
    started = time.perf_counter()
    [mailbox] = parse_mailboxes("a" + " .b" * 40_000 + " <a@b.test>")
    assert mailbox.address.wire == "a@b.test"
    assert time.perf_counter() - started < 3


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
