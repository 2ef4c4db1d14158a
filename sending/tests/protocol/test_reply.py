"""Replies: wire form, multi-line parsing, enhanced codes, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.reply import MAX_REPLY_LINE, Reply, ReplyError, ReplyReader, parse_reply

TEXTS = st.lists(st.text(max_size=700), min_size=1, max_size=4).map(tuple)
ENHANCED = st.none() | st.sampled_from(["2.0.0", "4.7.28", "5.1.1"])


@pytest.mark.parametrize(
    ("wire", "code", "enhanced", "lines"),
    [
        (b"250 OK\r\n", 250, None, ("OK",)),
        (b"250\r\n", 250, None, ("",)),
        (b"250 \r\n", 250, None, ("",)),
        (b"250 OK\n", 250, None, ("OK",)),
        (b"550 5.1.1 No such user\r\n", 550, "5.1.1", ("No such user",)),
        (b"550-5.1.1 The address\r\n550 5.1.1 is wrong\r\n", 550, "5.1.1", ("The address", "is wrong")),
        (b"550-5.1.1 The address\r\n550 is wrong\r\n", 550, "5.1.1", ("The address", "is wrong")),
        (b"421 4.7.28\r\n", 421, "4.7.28", ("",)),
        (b"354 2.0.0 go ahead\r\n", 354, None, ("2.0.0 go ahead",)),
        (b"550 5.1.1234 odd\r\n", 550, None, ("5.1.1234 odd",)),
        (b"250-first\r\n550 last line counts\r\n", 550, None, ("first", "last line counts")),
        (b"550 nul \x00 and \xff\r\n", 550, None, ("nul \ufffd and \ufffd",)),
    ],
)
def test_a_reply_is_read_with_its_enhanced_code(wire, code, enhanced, lines):
    assert parse_reply(wire) == Reply(code, enhanced, lines)


@pytest.mark.parametrize("wire", [b"", b"hello", b"25 OK\r\n", b"2500 OK\r\n", b"150 no\r\n", b"250_x\r\n", b"\r\n"])
def test_what_is_no_reply_is_refused(wire):
    with pytest.raises(ReplyError):
        parse_reply(wire)


@pytest.mark.parametrize("flood", [b"2" * 100_000, b"250-" + b"x" * MAX_REPLY_LINE, b"250-x\r\n" * 300])
def test_a_reply_without_end_is_refused_before_it_fills_the_memory(flood):
    reader = ReplyReader()
    reader.feed(flood)
    with pytest.raises(ReplyError):
        reader.next_reply()


def test_classes_follow_the_first_digit():
    assert Reply(250).is_positive
    assert Reply(354).is_intermediate
    assert Reply(450).is_transient
    assert Reply(550).is_permanent
    assert str(Reply(550, "5.7.1", ("a", "b"))) == "550 5.7.1 a b"


@given(code=st.sampled_from([220, 250, 450, 550]), enhanced=ENHANCED, lines=TEXTS, utf8=st.booleans())
def test_no_text_breaks_the_wire_form(code, enhanced, lines, utf8):
    wire = Reply(code, enhanced, lines).encode(utf8=utf8)
    rows = wire.split(b"\r\n")
    assert rows.pop() == b""
    assert all(len(row) <= 510 and b"\r" not in row and b"\n" not in row and b"\0" not in row for row in rows)
    reply = parse_reply(wire)
    assert reply.code == code
    assert parse_reply(reply.encode(utf8=True)) == reply


@given(data=st.binary(max_size=300), cut=st.integers(0, 300))
def test_arbitrary_octets_give_replies_or_one_error_however_they_are_cut(data, cut):
    assert _replies([data]) == _replies([data[:cut], data[cut:]])


def _replies(pieces):
    reader = ReplyReader()
    found: list[Reply | None] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (reply := reader.next_reply()) is not None:
                found.append(reply)
    except ReplyError:
        found.append(None)
    return found
