"""A server session in the hands of a hostile client and of a shell that answers anything: it never raises, keeps its
order, and gives back all memory."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sending.protocol.memory import MemoryBudget
from sending.protocol.reply import Reply, ReplyReader
from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import Authenticate, Closed, MessageReceived, ServerPhase, StartTls
from sending.tests.protocol.smtp_dialogues import QUESTIONS
from sending.tests.protocol.test_smtp_sessions_together import CONFIGS, OPENING, PARTS

REFUSALS = [Reply(421, "4.3.0", ("no",)), Reply(450, "4.2.0", ("no",)), Reply(550, "5.7.1", ("no", "no"))]
ROOM = 3_000_000


class HostileDialogue(RuleBasedStateMachine):
    @initialize(config=CONFIGS, is_scarce=st.booleans())
    def greet(self, config, is_scarce):
        self.config = config
        self.budget = MemoryBudget(100 if is_scarce else ROOM)
        self.session = ServerSession(config, self.budget)
        self.question = None
        self.is_shaking_hands = False
        self.written = ReplyReader()
        self.take(self.session.greet())

    def take(self, events):
        said = self.session.outgoing()
        self.written.feed(said)
        while (reply := self.written.next_reply()) is not None:
            assert reply.code >= 200
        assert self.written.is_empty
        questions = [event for event in events if isinstance(event, QUESTIONS)]
        assert len(questions) <= (0 if self.question else 1)
        for question in questions:
            self.question = question
        if any(isinstance(event, StartTls) for event in events):
            self.is_shaking_hands = True
        if any(isinstance(event, Closed) for event in events):
            self.question, self.is_shaking_hands = None, False
            assert self.session.phase is ServerPhase.CLOSED
        if isinstance(self.question, MessageReceived):
            assert len(self.question.content) <= self.session.config.max_size + 2

    @rule(parts=st.lists(PARTS | st.binary(max_size=30), min_size=1, max_size=6))
    def say(self, parts):
        self.take(self.session.feed(b"".join(parts)))

    @rule(size=st.sampled_from([0, 1, 90, 5_000, 70_000]))
    def say_much(self, size):
        self.take(self.session.feed((b"x" * 78 + b"\r\n") * (size // 80) + b"x" * (size % 80)))

    @rule()
    def begin_a_mail(self):
        self.take(self.session.feed(OPENING))

    @precondition(lambda self: self.question is not None)
    @rule(size=st.sampled_from([None, 50, 1_000_000]))
    def accept(self, size):
        if isinstance(self.question, Authenticate) and size is not None:
            self.session.set_max_size(size)
        self.question = None
        self.take(self.session.accept())

    @precondition(lambda self: self.question is not None)
    @rule(reply=st.none() | st.sampled_from(REFUSALS))
    def reject(self, reply):
        self.question = None
        self.take(self.session.reject(reply))

    @precondition(lambda self: self.is_shaking_hands)
    @rule()
    def shake_hands(self):
        self.is_shaking_hands = False
        self.take(self.session.tls_established())

    @rule(at_once=st.booleans())
    def shut_down(self, at_once):
        self.take(self.session.shutdown(at_once=at_once))

    @precondition(lambda self: self.question is None)
    @rule()
    def lose_the_connection(self):
        self.session.abandon()
        self.is_shaking_hands = False

    @invariant()
    def memory_is_bounded(self):
        if not hasattr(self, "session"):
            return
        assert 0 <= self.budget.held <= self.budget.octets
        if self.session.phase is ServerPhase.CLOSED:
            assert self.budget.held == 0
            assert self.question is None

    def teardown(self):
        if hasattr(self, "session"):
            self.session.abandon()
            assert self.budget.held == 0


TestHostileDialogue = HostileDialogue.TestCase
TestHostileDialogue.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
