"""The server's side of an SMTP connection as a state machine: bytes in, bytes and events out (RFC 5321, 6409).

Extensions: PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, STARTTLS, AUTH (PLAIN, LOGIN), CHUNKING.
"""

from collections.abc import Callable

from sending.protocol import smtp_commands as commands
from sending.protocol import smtp_server_replies as replies
from sending.protocol.reply import Reply
from sending.protocol.smtp_lines import MAX_AUTH_OCTETS, LineFault, LineReader
from sending.protocol.smtp_sasl import AuthExchange
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
    ServerTls,
    StartTls,
)
from sending.protocol.smtp_transaction import MailTransaction

# A shell stops reading above this while a question is open: `wants_input`.
MAX_UNREAD_OCTETS = 65_536


class ServerSession:
    """One connection. Order of calls: `greet`, then `feed` for bytes; after every call write `outgoing()`.

    `feed`, `accept`, `reject`, `greet`, `tls_established` and `shutdown` answer events. At most one event is a
    question; until it is answered nothing further is parsed, so that pipelined replies keep their order. An accepted
    MessageReceived has been answered with 250: commit before accepting. Nothing that a client sends raises."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.tls_active = config.tls is ServerTls.IMPLICIT
        self.helo_name = ""
        self.username: str | None = None
        self.accepted_messages = 0
        self._is_esmtp = False
        self._phase = ServerPhase.GREETING
        self._question: Question | None = None
        self._events: list[ServerEvent] = []
        self._out: list[bytes] = []
        self._lines = LineReader()
        self._exchange: AuthExchange | None = None
        self._shutdown_reply: Reply | None = None
        self._errors = self._auth_failures = self._idle_commands = 0
        self._transaction = MailTransaction(config)

    @property
    def phase(self) -> ServerPhase:
        return self._phase if self._question is None else ServerPhase.DECISION

    @property
    def wants_input(self) -> bool:
        """False while the shell must read nothing more from the connection."""
        return self._question is None or len(self._lines) < MAX_UNREAD_OCTETS

    @property
    def protocol(self) -> str:
        """The `with` keyword of the Received field: RFC 3848, RFC 6531 4.3."""
        if not self._is_esmtp:
            return "SMTP"
        kind = "UTF8SMTP" if self._transaction.smtputf8 else "ESMTP"
        return kind + ("S" if self.tls_active else "") + ("A" if self.username is not None else "")

    def outgoing(self) -> bytes:
        """Bytes to write now, handed out once."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def greet(self) -> list[ServerEvent]:
        """Starts the dialogue; with implicit TLS after the handshake. To turn a client away call `shutdown` instead."""
        if self._phase is ServerPhase.GREETING:
            self._send(Reply(220, None, (f"{self.config.hostname} {self.config.greeting}",)))
            self._phase = ServerPhase.COMMAND
        return self._run()

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Takes bytes from the connection. What comes between STARTTLS and the end of the handshake is dropped."""
        if self._phase is ServerPhase.TLS or self._phase is ServerPhase.CLOSED:
            return []
        self._lines.feed(data)
        return self._run()

    def accept(self, reply: Reply | None = None) -> list[ServerEvent]:
        """Answers the open question with its usual positive reply, or with `reply`."""
        if reply is not None and not reply.is_positive:
            raise ValueError(f"not a positive reply: {reply}")
        match self._take_question():
            case Authenticate(username=username):
                self.username = username
                self._send(reply or replies.AUTHENTICATED)
            case MailFrom(envelope=envelope):
                self._transaction.open(envelope)
                self._send(reply or replies.SENDER_OK)
            case RcptTo(recipient=recipient):
                self._transaction.add(recipient)
                self._send(reply or replies.RECIPIENT_OK)
            case MessageReceived():
                self._send(reply or replies.MESSAGE_OK)
                self.accepted_messages += 1
                self._errors = self._idle_commands = 0
                self._transaction.reset()
        return self._run()

    def reject(self, reply: Reply | None = None) -> list[ServerEvent]:
        """Answers the open question with a 4xx or 5xx reply; after a 421 the session is closed."""
        question = self._take_question()
        usual = replies.BAD_CREDENTIALS if isinstance(question, Authenticate) else replies.POLICY
        reply = reply or usual
        if reply.code < 400:
            raise ValueError(f"not a negative reply: {reply}")
        self._send(reply)
        if isinstance(question, MailFrom | MessageReceived):
            self._transaction.reset()
        if reply.code == 421:
            self._close(CloseReason.REFUSED)
        elif isinstance(question, Authenticate):
            self._auth_failures += 1
            if self._auth_failures >= self.config.max_auth_failures:
                self._hang_up(replies.TOO_MANY_ERRORS)
        elif isinstance(question, RcptTo) and reply.is_permanent:
            self._count_error()
        return self._run()

    def tls_established(self) -> list[ServerEvent]:
        """To be called after the handshake: all that the client said before it is forgotten (RFC 3207 4.2)."""
        if self._phase is not ServerPhase.TLS:
            raise RuntimeError("no STARTTLS was answered")
        self.tls_active = True
        self.helo_name, self._is_esmtp, self.username = "", False, None
        self._transaction.reset()
        self._phase = ServerPhase.COMMAND
        return self._run()

    def shutdown(self, reply: Reply = replies.SHUTTING_DOWN, *, at_once: bool = False) -> list[ServerEvent]:
        """Ends the session with `reply` (421, or 554 in place of a greeting).

        A message that is being received or decided is answered first, unless `at_once` (a timeout, say)."""
        if self._phase is ServerPhase.CLOSED:
            return []
        self._shutdown_reply = reply
        if at_once:
            self._question = None
        if at_once or self._phase in (ServerPhase.GREETING, ServerPhase.TLS):
            self._end_by_shutdown()
        return self._run()

    # The loop: one step per line, chunk or piece of content, until a question is open or bytes run out.

    def _run(self) -> list[ServerEvent]:
        while self._question is None and self._step():
            pass
        events, self._events = self._events, []
        return events

    def _step(self) -> bool:
        """False when nothing can be done until the shell calls again."""
        phase = self._phase
        if phase is ServerPhase.DATA:
            return self._receive()
        if phase is not ServerPhase.COMMAND and phase is not ServerPhase.AUTH:
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
            self._on_auth_reply(self._exchange.respond(line) if self._exchange else replies.UNKNOWN_COMMAND)
        else:
            self._on_command(line)
        return True

    def _on_line_fault(self, fault: LineFault, is_auth: bool) -> None:
        self._phase = ServerPhase.COMMAND
        if fault is LineFault.ENDLESS:
            self._hang_up(replies.LINE_WITHOUT_END)
        elif fault is LineFault.BARE:
            self._refuse(replies.BARE_LINE_END)
        else:
            self._refuse(replies.AUTH_TOO_LONG if is_auth else replies.COMMAND_TOO_LONG)

    def _on_command(self, line: bytes) -> None:
        verb, argument = commands.split_command(line)
        handler = _HANDLERS.get(verb)
        if handler is None:
            if verb in _HTTP_VERBS:
                self._hang_up(replies.NOT_SMTP)
            else:
                self._refuse(replies.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else replies.UNKNOWN_COMMAND)
            return
        if verb in _IDLE:
            self._idle_commands += 1
            if self._idle_commands > self.config.max_idle_commands:
                self._hang_up(replies.TOO_MANY_ERRORS)
                return
        if verb in _NEEDS_TLS and self.config.require_tls and not self.tls_active:
            self._refuse(replies.TLS_REQUIRED)
        elif verb in _BARE_VERBS and argument.strip():
            self._refuse(replies.bad_arguments(f"{verb.decode()} without arguments"))
        else:
            handler(self, argument)

    # Commands, in the order of a usual dialogue.

    def _ehlo(self, argument: bytes) -> None:
        if self._greeted(argument, is_esmtp=True):
            self._send(Reply(250, None, (self.config.hostname, *self._extensions())))

    def _helo(self, argument: bytes) -> None:
        if self._greeted(argument, is_esmtp=False):
            self._send(Reply(250, None, (self.config.hostname,)))

    def _greeted(self, argument: bytes, *, is_esmtp: bool) -> bool:
        name = commands.parse_helo(argument)
        if isinstance(name, Reply):
            self._refuse(name)
            return False
        self.helo_name, self._is_esmtp = name, is_esmtp
        self._transaction.reset()
        return True

    def _extensions(self) -> list[str]:
        config = self.config
        offered = {
            "STARTTLS": config.tls is ServerTls.STARTTLS and not self.tls_active,
            "AUTH PLAIN LOGIN": config.allow_auth and self.tls_active,
            "SMTPUTF8": config.smtputf8,
            "CHUNKING": config.chunking,
        }
        always = ["PIPELINING", f"SIZE {config.max_size}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        return always + [name for name, is_offered in offered.items() if is_offered]

    def _starttls(self, argument: bytes) -> None:
        if self.tls_active:
            self._refuse(replies.TLS_ACTIVE)
        elif self.config.tls is not ServerTls.STARTTLS:
            self._refuse(replies.NOT_IMPLEMENTED)
        elif self._transaction.is_open:
            self._refuse(replies.NOT_IN_TRANSACTION)
        else:
            self._send(replies.READY_FOR_TLS)
            self._lines = LineReader()
            self._phase = ServerPhase.TLS
            self._events.append(StartTls())

    def _auth(self, argument: bytes) -> None:
        refusal = self._auth_refusal()
        parsed = refusal or commands.parse_auth(argument)
        if isinstance(parsed, Reply):
            self._refuse(parsed)
            return
        mechanism, initial_response = parsed
        self._exchange = AuthExchange(mechanism)
        self._on_auth_reply(self._exchange.begin(initial_response))

    def _auth_refusal(self) -> Reply | None:
        if not self.config.allow_auth:
            return replies.NOT_IMPLEMENTED
        if not self.tls_active:
            return replies.TLS_REQUIRED
        if not self._is_esmtp:
            return replies.EHLO_FIRST
        if self.username is not None:
            return replies.ALREADY_AUTHENTICATED
        return replies.NOT_IN_TRANSACTION if self._transaction.is_open else None

    def _on_auth_reply(self, reply: Reply | None) -> None:
        exchange = self._exchange
        self._phase = ServerPhase.AUTH if reply and reply.is_intermediate else ServerPhase.COMMAND
        if reply is None and exchange and exchange.username is not None and exchange.password is not None:
            self._exchange = None
            self._ask_or_answer(Authenticate(exchange.mechanism, exchange.username, exchange.password))
        elif reply and reply.is_intermediate:
            self._send(reply)
        elif reply:
            self._exchange = None
            self._refuse(reply)

    def _mail(self, argument: bytes) -> None:
        if not self.helo_name:
            self._refuse(replies.EHLO_FIRST)
        elif self.config.require_auth and self.username is None:
            self._refuse(replies.AUTH_REQUIRED)
        elif self.accepted_messages >= self.config.max_messages:
            self._hang_up(replies.TOO_MANY_MESSAGES)
        else:
            self._ask_or_answer(self._transaction.mail(argument))

    def _rcpt(self, argument: bytes) -> None:
        self._ask_or_answer(self._transaction.rcpt(argument))

    def _data(self, argument: bytes) -> None:
        reply = self._transaction.data()
        if reply is replies.START_CONTENT:
            self._phase = ServerPhase.DATA
        self._ask_or_answer(reply)

    def _bdat(self, argument: bytes) -> None:
        reply = self._transaction.bdat(argument)
        if reply is not None:
            self._send(reply)
            self._close(CloseReason.LIMIT)
            return
        if self.config.require_tls and not self.tls_active:
            self._transaction.refuse_chunk(replies.TLS_REQUIRED)
        self._phase = ServerPhase.DATA

    def _receive(self) -> bool:
        rest = self._transaction.receive(self._lines.take_all())
        if self._transaction.is_runaway:
            self._send(replies.TOO_LARGE)
            self._close(CloseReason.LIMIT)
            return False
        if rest is None:
            return False
        self._lines.feed(rest)
        self._phase = ServerPhase.COMMAND
        self._ask_or_answer(self._transaction.outcome())
        return True

    def _rset(self, argument: bytes) -> None:
        self._transaction.reset()
        self._send(replies.OK)

    def _noop(self, argument: bytes) -> None:
        self._send(replies.OK)

    def _vrfy(self, argument: bytes) -> None:
        self._ask_or_answer(replies.CANNOT_VERIFY if argument.strip() else replies.bad_arguments("VRFY address"))

    def _help(self, argument: bytes) -> None:
        self._send(replies.HELP)

    def _quit(self, argument: bytes) -> None:
        self._send(replies.GOODBYE)
        self._close(CloseReason.QUIT)

    # What a step leads to.

    def _ask_or_answer(self, result: Question | Reply) -> None:
        if not isinstance(result, Reply):
            self._question = result
            self._events.append(result)
        elif result.is_permanent:
            self._refuse(result)
        else:
            self._send(result)

    def _take_question(self) -> Question:
        if self._question is None:
            raise RuntimeError("no question is open")
        question, self._question = self._question, None
        return question

    def _send(self, reply: Reply) -> None:
        self._out.append(reply.encode(utf8=self._transaction.smtputf8))

    def _refuse(self, reply: Reply) -> None:
        self._send(reply)
        self._count_error()

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= self.config.max_errors:
            self._hang_up(replies.TOO_MANY_ERRORS)

    def _hang_up(self, reply: Reply) -> None:
        self._send(reply)
        self._close(CloseReason.LIMIT)

    def _end_by_shutdown(self) -> None:
        self._send(self._shutdown_reply or replies.SHUTTING_DOWN)
        self._close(CloseReason.SHUTDOWN)

    def _close(self, reason: CloseReason) -> None:
        self._phase = ServerPhase.CLOSED
        self._question = None
        self._lines = LineReader()
        self._transaction.reset()
        self._events.append(Closed(reason))


_HANDLERS: dict[bytes, Callable[[ServerSession, bytes], None]] = {
    b"EHLO": ServerSession._ehlo,
    b"HELO": ServerSession._helo,
    b"STARTTLS": ServerSession._starttls,
    b"AUTH": ServerSession._auth,
    b"MAIL": ServerSession._mail,
    b"RCPT": ServerSession._rcpt,
    b"DATA": ServerSession._data,
    b"BDAT": ServerSession._bdat,
    b"RSET": ServerSession._rset,
    b"NOOP": ServerSession._noop,
    b"VRFY": ServerSession._vrfy,
    b"HELP": ServerSession._help,
    b"QUIT": ServerSession._quit,
}
# BDAT is refused without TLS as well, but only after its octets have been read.
_NEEDS_TLS = frozenset({b"MAIL", b"RCPT", b"DATA", b"AUTH", b"VRFY"})
_BARE_VERBS = frozenset({b"STARTTLS", b"DATA", b"RSET", b"QUIT"})
_IDLE = frozenset({b"EHLO", b"HELO", b"RSET", b"NOOP", b"VRFY", b"HELP"})
_NOT_IMPLEMENTED = frozenset({b"EXPN", b"TURN", b"ETRN", b"SEND", b"SOML", b"SAML"})
_HTTP_VERBS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT"})
