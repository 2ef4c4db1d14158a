"""The server's side of an SMTP connection as a state machine: bytes in, bytes and events out (RFC 5321, 6409).

Extensions: PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, LIMITS, STARTTLS, AUTH (PLAIN, LOGIN), CHUNKING.
"""

from dataclasses import replace
from functools import lru_cache

from sending.protocol import smtp_server_replies as replies
from sending.protocol.memory import MemoryBudget
from sending.protocol.reply import Reply
from sending.protocol.smtp_dialogue import Answer, HangUp, ServerDialogue
from sending.protocol.smtp_lines import MAX_AUTH_OCTETS, LineFault, LineReader
from sending.protocol.smtp_server_events import (
    Authenticate,
    Closed,
    CloseReason,
    MailFrom,
    MessageReceived,
    Question,
    RcptTo,
    ServerConfig,
    ServerEvent,
    ServerPhase,
    StartTls,
)

# A shell stops reading above this while a question is open: `wants_input`.
MAX_UNREAD_OCTETS = 65_536


class ServerSession:
    """One connection. Order of calls: `greet`, then `feed` for bytes; after every call write `outgoing()`.

    `greet`, `feed`, `accept`, `reject`, `tls_established` and `shutdown` answer events. At most one event is a
    question; until it is answered nothing further is parsed, so that pipelined replies keep their order. An accepted
    MessageReceived has been answered with 250: commit before accepting. Nothing that a client sends raises.

    Content is taken in as far as `budget` has room; its share is given back when the transaction ends: call `abandon`
    when the connection is lost."""

    def __init__(self, config: ServerConfig, budget: MemoryBudget | None = None) -> None:
        self.config = config
        self._dialogue = ServerDialogue(config, budget or MemoryBudget())
        self._is_greeted = self._is_closed = False
        self._question: Question | None = None
        self._events: list[ServerEvent] = []
        self._out: list[bytes] = []
        self._lines = LineReader()
        self._shutdown_reply: Reply | None = None
        self._errors = self._auth_failures = 0

    @property
    def phase(self) -> ServerPhase:
        if self._is_closed:
            return ServerPhase.CLOSED
        if not self._is_greeted:
            return ServerPhase.GREETING
        return self._dialogue.phase if self._question is None else ServerPhase.DECISION

    @property
    def wants_input(self) -> bool:
        """False while the shell must read nothing more from the connection."""
        return self._question is None or len(self._lines) < MAX_UNREAD_OCTETS

    @property
    def tls_active(self) -> bool:
        return self._dialogue.tls_active

    @property
    def username(self) -> str | None:
        """Who was accepted at AUTH."""
        return self._dialogue.username

    @property
    def helo_name(self) -> str:
        """What the client calls itself, printable ASCII; "" before EHLO or HELO."""
        return self._dialogue.helo_name

    @property
    def accepted_messages(self) -> int:
        return self._dialogue.accepted_messages

    @property
    def protocol(self) -> str:
        """The `with` keyword of the Received field: RFC 3848, RFC 6531 4.3."""
        dialogue = self._dialogue
        if not dialogue.is_esmtp:
            return "SMTP"
        kind = "UTF8SMTP" if dialogue.transaction.smtputf8 else "ESMTP"
        return kind + ("S" if dialogue.tls_active else "") + ("A" if dialogue.username is not None else "")

    def outgoing(self) -> bytes:
        """Bytes to write now, handed out once."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def set_max_size(self, octets: int) -> None:
        """The client's own limit, once it is known who it is. Not during a mail transaction."""
        self.config = replace(self.config, max_size=octets)
        self._dialogue.configure(self.config)

    def greet(self) -> list[ServerEvent]:
        """Starts the dialogue; with implicit TLS after the handshake. To turn a client away call `shutdown` instead."""
        if not self._is_greeted and not self._is_closed:
            self._is_greeted = True
            self._send(Reply(220, None, (f"{self.config.hostname} {self.config.greeting}",)))
        return self._run()

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Takes bytes from the connection. What comes between STARTTLS and the end of the handshake is dropped."""
        if not self._is_closed and self._dialogue.phase is not ServerPhase.TLS:
            self._lines.feed(data)
        return self._run()

    def accept(self, reply: Reply | None = None) -> list[ServerEvent]:
        """Answers the open question with its usual positive reply, or with `reply`."""
        if reply is not None and not reply.is_positive:
            raise ValueError(f"not a positive reply: {reply}")
        question = self._take_question()
        utf8 = _is_utf8(question) or self._dialogue.transaction.smtputf8
        usual = self._dialogue.accepted(question)
        self._send(reply or usual, utf8=utf8)
        if isinstance(question, MessageReceived):
            self._errors = 0
        return self._run()

    def reject(self, reply: Reply | None = None) -> list[ServerEvent]:
        """Answers the open question with a 4xx or 5xx reply; after a 421 the session is closed."""
        if reply is not None and reply.code < 400:
            raise ValueError(f"not a negative reply: {reply}")
        question = self._take_question()
        is_auth = isinstance(question, Authenticate)
        reply = reply or (replies.BAD_CREDENTIALS if is_auth else replies.POLICY)
        self._send(reply, utf8=_is_utf8(question) or self._dialogue.transaction.smtputf8)
        if isinstance(question, MessageReceived):
            self._dialogue.transaction.reset()
        if reply.code == 421:
            self._close(CloseReason.REFUSED)
        elif is_auth:
            self._auth_failures += 1
            if self._auth_failures >= self.config.max_auth_failures:
                self._hang_up(replies.TOO_MANY_ERRORS)
        elif isinstance(question, RcptTo) and reply.is_permanent:
            self._count_error()
        return self._run()

    def tls_established(self) -> list[ServerEvent]:
        """To be called after the handshake: all that the client said before it is forgotten (RFC 3207 4.2)."""
        if self.phase is not ServerPhase.TLS:
            raise RuntimeError("no STARTTLS was answered")
        self._dialogue.tls_established()
        return self._run()

    def shutdown(self, reply: Reply = replies.SHUTTING_DOWN, *, at_once: bool = False) -> list[ServerEvent]:
        """Ends the session with `reply` (421, or 554 in place of a greeting).

        A message that is being received or decided is answered first, unless `at_once` (a timeout, say)."""
        if self._is_closed:
            return []
        self._shutdown_reply = reply
        if at_once or self.phase in (ServerPhase.GREETING, ServerPhase.TLS):
            self._end_by_shutdown()
        return self._run()

    def abandon(self) -> None:
        """The connection is gone: forgets everything. Not while a question is open whose content is still held."""
        if not self._is_closed:
            self._close(CloseReason.LOST)
        self._events.clear()
        self._out.clear()

    def _run(self) -> list[ServerEvent]:
        while not self._is_closed and self._question is None and self._is_greeted and self._step():
            pass
        events, self._events = self._events, []
        return events

    def _step(self) -> bool:
        """Reads one line or piece of content; False when nothing can be done until the shell calls again."""
        phase = self._dialogue.phase
        if phase is ServerPhase.DATA:
            return self._read_content()
        if phase is ServerPhase.TLS:
            return False
        if self._shutdown_reply is not None:
            self._end_by_shutdown()
            return False
        is_auth = phase is ServerPhase.AUTH
        line = self._lines.next_line(MAX_AUTH_OCTETS if is_auth else None)
        if line is None:
            return False
        if isinstance(line, LineFault):
            self._on_line_fault(line, is_auth)
        elif is_auth:
            self._answer(self._dialogue.auth_response(line))
        else:
            self._answer(self._dialogue.command(line))
        return True

    def _read_content(self) -> bool:
        transaction = self._dialogue.transaction
        missing = transaction.missing
        rest = transaction.receive(self._lines.take_all() if missing is None else self._lines.take(missing))
        if transaction.is_runaway:
            self._hang_up(replies.TOO_LARGE)
            return False
        if rest is None:
            return False
        self._lines.feed(rest)
        self._answer(self._dialogue.content_ended())
        return True

    def _on_line_fault(self, fault: LineFault, is_auth: bool) -> None:
        self._dialogue.cancel_auth()
        if fault is LineFault.ENDLESS:
            self._hang_up(replies.LINE_WITHOUT_END)
        elif fault is LineFault.BARE:
            self._answer(replies.BARE_LINE_END)
        else:
            self._answer(replies.AUTH_TOO_LONG if is_auth else replies.COMMAND_TOO_LONG)

    def _answer(self, answer: Answer) -> None:
        match answer:
            case Reply():
                self._send(answer)
                if answer.is_permanent:
                    self._count_error()
            case StartTls():
                self._send(replies.READY_FOR_TLS)
                self._lines = LineReader()
                self._events.append(answer)
            case HangUp():
                self._hang_up(answer.reply)
            case None:
                pass
            case _:
                self._question = answer
                self._events.append(answer)

    def _take_question(self) -> Question:
        if self._question is None:
            raise RuntimeError("no question is open")
        question, self._question = self._question, None
        return question

    def _send(self, reply: Reply, *, utf8: bool = False) -> None:
        self._out.append(_encoded(reply, utf8))

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= self.config.max_errors:
            self._hang_up(replies.TOO_MANY_ERRORS)

    def _hang_up(self, reply: Reply) -> None:
        self._send(reply)
        self._close(CloseReason.QUIT if reply is replies.GOODBYE else CloseReason.LIMIT)

    def _end_by_shutdown(self) -> None:
        self._send(self._shutdown_reply or replies.SHUTTING_DOWN)
        self._close(CloseReason.SHUTDOWN)

    def _close(self, reason: CloseReason) -> None:
        self._is_closed = True
        self._question = None
        self._lines = LineReader()
        self._dialogue.transaction.reset()
        self._events.append(Closed(reason))


@lru_cache(256)
def _encoded(reply: Reply, utf8: bool) -> bytes:
    """Most replies are the same few."""
    return reply.encode(utf8=utf8)


def _is_utf8(question: Question) -> bool:
    """Whether the client asked for UTF-8 in replies (RFC 6531 3.7.4.2) by the command that is being answered."""
    return isinstance(question, MailFrom) and question.envelope.smtputf8
