"""All connections of a process together hold no more content than its budget; who comes too much is told to wait."""

import tracemalloc

import pytest

from sending.protocol.memory import STEP, MemoryBudget, MemoryShare
from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import MessageReceived, ServerConfig, ServerPhase, ServerTls

CONFIG = ServerConfig("mx.test", tls=ServerTls.NONE, max_size=1_000_000)
LINE = b"x" * 998 + b"\r\n"


def session_in_transaction(budget, size=None):
    session = ServerSession(CONFIG, budget)
    session.greet()
    parameter = b"" if size is None else b" SIZE=%d" % size
    session.feed(b"EHLO c.test\r\nMAIL FROM:<a@b.test>" + parameter + b"\r\nRCPT TO:<x@y.test>\r\n")
    session.accept()
    session.accept()
    session.outgoing()
    return session


def said(session, data):
    """The code of the last reply, and the events."""
    events = session.feed(data)
    lines = session.outgoing().split(b"\r\n")
    return (int(lines[-2][:3]) if len(lines) > 1 else None), events


def test_a_thousand_connections_hold_no_more_than_the_budget():
    budget = MemoryBudget(20_000_000)
    sessions = [session_in_transaction(budget) for _ in range(1000)]
    started = [session for session in sessions if said(session, b"DATA\r\n")[0] == 354]
    assert len(started) == 20_000_000 // STEP
    tracemalloc.start()
    for _ in range(10):
        for session in started:
            session.feed(LINE * 10)
            assert budget.held <= budget.octets
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1.2 * budget.octets
    answers = [said(session, b".\r\n") for session in started]
    assert {code for code, _ in answers} <= {None, 452}
    whole = [event for _, events in answers for event in events]
    assert all(isinstance(event, MessageReceived) for event in whole)
    assert 0 < len(whole) <= 200
    for session in sessions:
        session.abandon()
    assert budget.held == 0


def test_what_mail_announces_is_taken_before_its_content_comes():
    budget = MemoryBudget(1_500_000)
    first, second = (session_in_transaction(budget, 900_000) for _ in range(2))
    assert said(first, b"DATA\r\n")[0] == 354
    assert said(second, b"DATA\r\n")[0] == 452
    _, (question,) = said(first, b"hi\r\n.\r\n")
    assert question.content == b"hi\r\n"
    assert said(second, b"DATA\r\n")[0] == 452
    first.accept()
    assert budget.held == 0
    assert said(second, b"DATA\r\n")[0] == 354


def test_content_that_outgrows_the_budget_is_read_to_its_end_and_the_dialogue_goes_on():
    budget = MemoryBudget(5 * STEP)
    session = session_in_transaction(budget)
    assert said(session, b"DATA\r\n")[0] == 354
    assert said(session, LINE * 400) == (None, [])
    assert budget.held == 0
    assert said(session, b".\r\nNOOP\r\n")[0] == 250
    assert session.phase is ServerPhase.COMMAND
    assert session.accepted_messages == 0


@pytest.mark.parametrize("last", [b"", b" LAST"])
def test_a_chunk_without_room_is_dropped_and_refused(last):
    budget = MemoryBudget(5 * STEP)
    session = session_in_transaction(budget)
    assert said(session, b"BDAT 4\r\nhi\r\n")[0] == 250
    assert budget.held == STEP
    assert said(session, b"BDAT 400000" + last + b"\r\n" + LINE * 400)[0] == 452
    assert budget.held == 0
    assert said(session, b"BDAT 4 LAST\r\nhi\r\n")[0] == 503
    assert said(session, b"RSET\r\nMAIL FROM:<a@b.test>\r\n")[1]


@pytest.mark.parametrize("end", [b"RSET\r\n", b"EHLO again.test\r\n", b"QUIT\r\n"])
def test_a_transaction_gives_back_its_memory_however_it_ends(end):
    budget = MemoryBudget()
    session = session_in_transaction(budget)
    session.feed(b"BDAT 4\r\nhi\r\n")
    assert budget.held
    session.feed(end)
    assert budget.held == 0


def test_a_refused_or_timed_out_mail_gives_back_its_memory():
    budget = MemoryBudget()
    session = session_in_transaction(budget)
    session.feed(b"DATA\r\nhi\r\n.\r\n")
    assert budget.held
    session.reject()
    assert budget.held == 0
    session = session_in_transaction(budget)
    session.feed(b"DATA\r\nhi\r\n")
    session.shutdown(at_once=True)
    assert budget.held == 0


def test_a_share_grows_in_steps_and_only_as_far_as_there_is_room():
    budget = MemoryBudget(3 * STEP)
    share, other = MemoryShare(budget), MemoryShare(budget)
    assert share.cover(1)
    assert share.octets == STEP
    assert share.cover(STEP)
    assert share.octets == STEP
    assert other.cover(STEP + 1)
    assert not share.cover(STEP + 1)
    assert (share.octets, budget.held) == (STEP, 3 * STEP)
    other.release()
    assert share.cover(3 * STEP)
