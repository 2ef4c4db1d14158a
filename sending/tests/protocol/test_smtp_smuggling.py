"""No octets inside content may end it, inbound or outbound, except CRLF.CRLF; what could be misread is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.smtp_tables import FALSE_ENDS, SECOND_MAIL
from sending.protocol.memory import MemoryBudget, MemoryShare
from sending.protocol.smtp_client import ClientSession
from sending.protocol.smtp_client_events import ClientConfig, Transaction, TransactionDone
from sending.protocol.smtp_data import DataReceiver, dot_stuffed
from sending.tests.protocol.smtp_dialogues import INBOUND, DecidedServer, converse

TO_DATA = b"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n"


@pytest.mark.parametrize("end", FALSE_ENDS)
def test_a_false_end_neither_ends_the_content_nor_lets_it_pass(end):
    said = TO_DATA + b"first" + end + SECOND_MAIL + b"\r\n.\r\nNOOP\r\n"
    for cuts in (range(0), range(1, len(said))):
        server = DecidedServer(INBOUND)
        server.feed_in_pieces(said, cuts)
        assert server.codes() == [220, 250, 250, 250, 354, 550, 250]
        assert server.messages() == []


@pytest.mark.parametrize("end", FALSE_ENDS)
def test_the_client_refuses_to_send_a_false_end(end):
    client, server = ClientSession(ClientConfig("c.test")), DecidedServer(INBOUND)
    converse(client, server)
    (done,) = client.start(Transaction("a@b.test", ["x@y.test"], b"first" + end + SECOND_MAIL))
    assert isinstance(done, TransactionDone)
    assert client.outgoing() == b""
    assert done.outcomes[0].is_local
    assert done.outcomes[0].reply.enhanced == "5.6.0"


@pytest.mark.parametrize(
    "address", ["x@y.test>\r\nRCPT TO:<victim@y.test", "x@y.test> SIZE=1", "x\x00@y.test", "<x@y.test"]
)
def test_no_address_can_bring_in_a_command(address):
    client, server = ClientSession(ClientConfig("c.test")), DecidedServer(INBOUND)
    converse(client, server)
    for transaction in (Transaction(address, ["x@y.test"], b""), Transaction("a@b.test", [address], b"")):
        (done,) = client.start(transaction)
        assert isinstance(done, TransactionDone)
        assert done.outcomes[0].reply.code == 553
        assert client.outgoing() == b""


def test_lines_beyond_998_octets_are_refused_unless_allowed():
    fits, too_long = b"x" * 998 + b"\r\n", b"x" * 999 + b"\r\n"
    server = DecidedServer(INBOUND)
    server.feed(TO_DATA + fits + b".\r\n")
    server.feed(TO_DATA + too_long + b".\r\n")
    assert (server.codes()[5], server.codes()[-1]) == (250, 550)


def test_content_beyond_the_limit_is_refused_at_its_end_and_not_kept():
    receiver = DataReceiver(1000, MemoryShare(MemoryBudget()))
    for _ in range(100):
        assert receiver.feed(b"x" * 98 + b"\r\n") is None
    assert receiver.refusal is not None
    assert sum(len(value) for value in vars(receiver).values() if isinstance(value, bytes | bytearray)) < 10

    server = DecidedServer(INBOUND)
    line = b"x" * 98 + b"\r\n"
    server.feed(TO_DATA + line * 1000 + b".\r\n")
    server.feed(TO_DATA + line * 1000 + b"\r\n.\r\nNOOP\r\n")
    assert server.codes() == [220, 250, 250, 250, 354, 250, 250, 250, 250, 354, 552, 250]


def test_transparency_dots_do_not_count_towards_the_limit():
    server = DecidedServer(INBOUND)
    server.feed(TO_DATA + b"..\r\n" * 33_333 + b".\r\n")
    assert server.codes()[-1] == 250
    assert len(server.messages()[0].content) == 99_999


def test_content_that_never_ends_ends_the_connection():
    server = DecidedServer(INBOUND)
    server.feed(TO_DATA)
    line = b"x" * 98 + b"\r\n"
    for _ in range(14):
        server.feed(line * 1000)
    assert server.codes()[5:] == [552]


LINES = st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), max_size=12)
DOTTED = st.lists(st.sampled_from([b".", b"..", b".x", b"x", b"", b"x."]), max_size=12)


@given(lines=LINES | DOTTED, cuts=st.lists(st.integers(0, 200), max_size=8), rest=st.binary(max_size=10))
def test_stuffed_content_comes_out_as_it_went_in_however_it_is_cut(lines, cuts, rest):
    content = b"".join(line + b"\r\n" for line in lines)
    wire = dot_stuffed(content) + b".\r\n" + rest
    receiver, start, left = DataReceiver(10_000, MemoryShare(MemoryBudget())), 0, None
    for cut in [*sorted(cuts), len(wire)]:
        if left is not None:
            left += wire[start:cut]
        else:
            left = receiver.feed(wire[start:cut])
        start = max(start, cut)
    assert receiver.content() == content
    assert left == rest


@given(content=st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"\0"]), max_size=14).map(b"".join))
def test_any_mix_of_line_ends_is_either_refused_or_one_and_the_same_mail(content):
    client, server = ClientSession(ClientConfig("c.test")), DecidedServer(INBOUND)
    converse(client, server)
    events = client.start(Transaction("a@b.test", ["x@y.test"], content))
    events += converse(client, server)
    done = next(event for event in events if isinstance(event, TransactionDone))
    is_clean = not content.replace(b"\r\n", b"").strip(b".x") and content[-2:] in (b"", b"\r\n")
    assert [message.content for message in server.messages()] == ([content] if is_clean else [])
    assert done.outcomes[0].reply.is_positive is is_clean
