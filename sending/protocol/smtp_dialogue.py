"""The order of an SMTP dialogue, as values: one command line in, a reply, a question or a turn of events out.

RFC 5321 4.1.4 (order of commands), RFC 3207 (STARTTLS), RFC 4954 (AUTH). Knows nothing of buffers and bytes to write.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sending.protocol import smtp_server_replies as replies
from sending.protocol.memory import MemoryBudget
from sending.protocol.reply import Reply
from sending.protocol.smtp_commands import parse_auth, parse_helo, split_command
from sending.protocol.smtp_sasl import AuthExchange
from sending.protocol.smtp_server_events import (
    Authenticate,
    MailFrom,
    MessageReceived,
    Question,
    RcptTo,
    ServerConfig,
    ServerPhase,
    ServerTls,
    StartTls,
)
from sending.protocol.smtp_transaction import MailTransaction

MOST_SURPLUS_RECIPIENTS = 1000
"""Of one connection, beyond those that a mail may have."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The reply that ends the connection."""

    reply: Reply


Answer = Reply | Question | StartTls | HangUp | None


class ServerDialogue:
    """What the client has said so far. `phase` is COMMAND, AUTH, DATA or TLS: what must come next."""

    def __init__(self, config: ServerConfig, budget: MemoryBudget) -> None:
        self.phase = ServerPhase.COMMAND
        self.tls_active = config.tls is ServerTls.IMPLICIT
        self.helo_name = ""
        self.is_esmtp = False
        self.username: str | None = None
        self.accepted_messages = 0
        self.transaction = MailTransaction(config, budget)
        self._config = config
        self._budget = budget
        self._exchange: AuthExchange | None = None
        self._idle_commands = self._surplus_recipients = 0

    def configure(self, config: ServerConfig) -> None:
        """Takes other limits for the transactions to come."""
        self._config = config
        self.transaction = MailTransaction(config, self._budget)

    def command(self, line: bytes) -> Answer:
        verb, argument = split_command(line)
        handler = _HANDLERS.get(verb)
        if handler is None:
            if verb in _HTTP_VERBS:
                return HangUp(replies.NOT_SMTP)
            return replies.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else replies.UNKNOWN_COMMAND
        if verb in _IDLE and self._idles_too_long():
            return HangUp(replies.TOO_MANY_ERRORS)
        if verb in _NEEDS_TLS and self._lacks_tls:
            return replies.TLS_REQUIRED
        if verb in _BARE_VERBS and argument.strip():
            return replies.bad_arguments(f"{verb.decode()} without arguments")
        return handler(self, argument)

    def auth_response(self, line: bytes) -> Answer:
        if self._exchange is None:
            raise RuntimeError("no AUTH is under way")
        return self._exchanged(self._exchange, self._exchange.respond(line))

    def cancel_auth(self) -> None:
        self.phase, self._exchange = ServerPhase.COMMAND, None

    def content_ended(self) -> Answer:
        self.phase = ServerPhase.COMMAND
        return self.transaction.outcome()

    def tls_established(self) -> None:
        self.phase, self.tls_active = ServerPhase.COMMAND, True
        self.helo_name, self.is_esmtp, self.username = "", False, None
        self.transaction.reset()

    def accepted(self, question: Question) -> Reply:
        """Takes the accepted question into the state; answers its usual reply."""
        match question:
            case Authenticate():
                self.username = question.username
                return replies.AUTHENTICATED
            case MailFrom():
                self.transaction.open(question.envelope)
                return replies.SENDER_OK
            case RcptTo():
                self.transaction.add(question.recipient)
                return replies.RECIPIENT_OK
            case MessageReceived():
                self.accepted_messages += 1
                self._idle_commands = 0
                self.transaction.reset()
                return replies.MESSAGE_OK

    def _idles_too_long(self) -> bool:
        self._idle_commands += 1
        return self._idle_commands > self._config.max_idle_commands

    @property
    def _lacks_tls(self) -> bool:
        return self._config.require_tls and not self.tls_active

    # Commands, in the order of a usual dialogue.

    def _ehlo(self, argument: bytes) -> Answer:
        return self._greeted(argument, is_esmtp=True)

    def _helo(self, argument: bytes) -> Answer:
        return self._greeted(argument, is_esmtp=False)

    def _greeted(self, argument: bytes, *, is_esmtp: bool) -> Reply:
        name = parse_helo(argument)
        if isinstance(name, Reply):
            return name
        self.helo_name, self.is_esmtp = name, is_esmtp
        self.transaction.reset()
        return Reply(250, None, (self._config.hostname, *(self._extensions() if is_esmtp else ())))

    def _extensions(self) -> list[str]:
        config = self._config
        optional = {
            "SMTPUTF8": config.smtputf8,
            "CHUNKING": config.chunking,
            "STARTTLS": config.tls is ServerTls.STARTTLS and not self.tls_active,
            "AUTH PLAIN LOGIN": config.allow_auth and self.tls_active,
        }
        limits = f"LIMITS MAILMAX={config.max_messages} RCPTMAX={config.max_recipients}"  # RFC 9422
        always = ["PIPELINING", f"SIZE {config.max_size}", "8BITMIME", "ENHANCEDSTATUSCODES", limits]
        return always + [name for name, is_offered in optional.items() if is_offered]

    def _starttls(self, argument: bytes) -> Answer:
        if self.tls_active:
            return replies.TLS_ACTIVE
        if self._config.tls is not ServerTls.STARTTLS:
            return replies.NOT_IMPLEMENTED
        if self.transaction.is_open:
            return replies.NOT_IN_TRANSACTION
        self.phase = ServerPhase.TLS
        return StartTls()

    def _auth(self, argument: bytes) -> Answer:
        refusal = self._refusal_of_auth()
        parsed = refusal or parse_auth(argument)
        if isinstance(parsed, Reply):
            return parsed
        mechanism, initial_response = parsed
        exchange = AuthExchange(mechanism)
        return self._exchanged(exchange, exchange.begin(initial_response))

    def _refusal_of_auth(self) -> Reply | None:
        if not self._config.allow_auth:
            return replies.NOT_IMPLEMENTED
        if not self.tls_active:
            return replies.TLS_REQUIRED
        if not self.is_esmtp:
            return replies.EHLO_FIRST
        if self.username is not None:
            return replies.ALREADY_AUTHENTICATED
        return replies.NOT_IN_TRANSACTION if self.transaction.is_open else None

    def _exchanged(self, exchange: AuthExchange, reply: Reply | None) -> Answer:
        if reply is not None and reply.is_intermediate:
            self.phase, self._exchange = ServerPhase.AUTH, exchange
            return reply
        self.cancel_auth()
        return reply or Authenticate(exchange.mechanism, exchange.username or "", exchange.password or "")

    def _mail(self, argument: bytes) -> Answer:
        if not self.helo_name:
            return replies.EHLO_FIRST
        if self._config.require_auth and self.username is None:
            return replies.AUTH_REQUIRED
        if self.accepted_messages >= self._config.max_messages:
            return HangUp(replies.TOO_MANY_MESSAGES)
        return self.transaction.mail(argument)

    def _rcpt(self, argument: bytes) -> Answer:
        answer = self.transaction.rcpt(argument)
        if answer is replies.TOO_MANY_RECIPIENTS:
            self._surplus_recipients += 1
            if self._surplus_recipients > MOST_SURPLUS_RECIPIENTS:
                return HangUp(replies.TOO_MANY_ERRORS)
        return answer

    def _data(self, argument: bytes) -> Answer:
        reply = self.transaction.data()
        if reply.is_intermediate:
            self.phase = ServerPhase.DATA
        return reply

    def _bdat(self, argument: bytes) -> Answer:
        reply = self.transaction.bdat(argument)
        if reply is not None:
            return HangUp(reply)
        if self.transaction.is_tiny_chunk and self._idles_too_long():
            return HangUp(replies.TOO_MANY_ERRORS)
        if self._lacks_tls:
            self.transaction.refuse_chunk(replies.TLS_REQUIRED)
        self.phase = ServerPhase.DATA
        return None

    def _rset(self, argument: bytes) -> Answer:
        self.transaction.reset()
        return replies.OK

    def _noop(self, argument: bytes) -> Answer:
        return replies.OK

    def _vrfy(self, argument: bytes) -> Answer:
        return replies.CANNOT_VERIFY if argument.strip() else replies.bad_arguments("VRFY address")

    def _help(self, argument: bytes) -> Answer:
        return replies.HELP

    def _quit(self, argument: bytes) -> Answer:
        return HangUp(replies.GOODBYE)


_HANDLERS: dict[bytes, Callable[[ServerDialogue, bytes], Answer]] = {
    b"EHLO": ServerDialogue._ehlo,
    b"HELO": ServerDialogue._helo,
    b"STARTTLS": ServerDialogue._starttls,
    b"AUTH": ServerDialogue._auth,
    b"MAIL": ServerDialogue._mail,
    b"RCPT": ServerDialogue._rcpt,
    b"DATA": ServerDialogue._data,
    b"BDAT": ServerDialogue._bdat,
    b"RSET": ServerDialogue._rset,
    b"NOOP": ServerDialogue._noop,
    b"VRFY": ServerDialogue._vrfy,
    b"HELP": ServerDialogue._help,
    b"QUIT": ServerDialogue._quit,
}
# BDAT without TLS is refused as well, but only after its octets have been read.
_NEEDS_TLS = frozenset({b"MAIL", b"RCPT", b"DATA", b"AUTH", b"VRFY"})
_BARE_VERBS = frozenset({b"STARTTLS", b"DATA", b"RSET", b"QUIT"})
_IDLE = frozenset({b"EHLO", b"HELO", b"RSET", b"NOOP", b"VRFY", b"HELP"})
_NOT_IMPLEMENTED = frozenset({b"EXPN", b"TURN", b"ETRN", b"SEND", b"SOML", b"SAML"})
_HTTP_VERBS = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT"})
