"""The client's side of an SMTP connection as a state machine: bytes in, bytes and events out (RFC 5321, 2920, 3207).

Greeting, EHLO or HELO, STARTTLS, AUTH (RFC 4954), then any number of transactions, pipelined where offered.
"""

from collections import deque

from sending.protocol.reply import Reply, ReplyError, ReplyReader
from sending.protocol.smtp_client_events import (
    ClientClosed,
    ClientConfig,
    ClientEvent,
    ClientPhase,
    ClientTls,
    Direction,
    Ready,
    ReadyForFinalDot,
    SessionFailed,
    StartClientTls,
    Transaction,
    TransactionDone,
    TranscriptLine,
)
from sending.protocol.smtp_client_transaction import ClientTransaction, Command
from sending.protocol.smtp_extensions import parse_extensions, reply_text
from sending.protocol.smtp_sasl import login_response, plain_response


class ClientSession:
    """One connection. `feed` takes the server's bytes; after every call write `outgoing()`.

    `feed`, `start`, `send_final_dot`, `tls_established`, `connection_lost` and `quit` answer events. Nothing that a
    server sends raises; a malformed or endless reply ends the session with a 4xx of our own."""

    def __init__(self, config: ClientConfig) -> None:
        self.config = config
        self.tls_active = config.tls is ClientTls.IMPLICIT
        self.extensions: dict[str, str] = {}
        self._phase = ClientPhase.GREETING
        self._reader = ReplyReader()
        self._events: list[ClientEvent] = []
        self._out: list[bytes] = []
        self._transaction: ClientTransaction | None = None
        self._unsent: deque[Command] = deque()
        self._awaited: deque[Command] = deque()
        self._sends_nothing = self._needs_reset = self._tried_helo = False
        self._auth_steps: list[bytes] = []
        self._preamble: list[TranscriptLine] = []
        self._transcript = self._preamble

    @property
    def phase(self) -> ClientPhase:
        return self._awaited[0][0] if self._awaited else self._phase

    @property
    def is_closed(self) -> bool:
        return self._phase is ClientPhase.CLOSED

    def outgoing(self) -> bytes:
        """Bytes to write now, handed out once."""
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return data

    def feed(self, data: bytes) -> list[ClientEvent]:
        if self.is_closed:
            return []
        self._reader.feed(data)
        try:
            while not self.is_closed:
                if self.phase is ClientPhase.TLS:
                    # What stands in clear text behind the 220 was put there by someone between us and the server.
                    if not self._reader.is_empty:
                        self._fail("Plain text came after the reply to STARTTLS", "4.7.0")
                    break
                reply = self._reader.next_reply()
                if reply is None:
                    break
                self._on_reply(reply)
        except ReplyError as error:
            self._fail(f"Protocol error: {error}", "4.5.0")
        return self._take_events()

    def start(self, transaction: Transaction) -> list[ClientEvent]:
        """Begins a transaction; the phase must be READY. What we refuse ourselves is done without a byte sent."""
        if self.phase is not ClientPhase.READY:
            raise RuntimeError(f"a transaction cannot start in phase {self.phase}")
        self._transcript = []
        self._transaction = ClientTransaction(transaction, self.extensions)
        if self._transaction.is_settled:
            self._finish_transaction()
            return self._take_events()
        if self._needs_reset:
            self._unsent.append((ClientPhase.RSET, -1, "RSET"))
        self._unsent.extend(self._transaction.commands())
        self._sends_nothing = False
        self._send_next()
        return self._take_events()

    def send_final_dot(self) -> list[ClientEvent]:
        """Ends the content after ReadyForFinalDot; from here on a lost connection leaves the outcome uncertain."""
        if self.phase is not ClientPhase.CONTENT:
            raise RuntimeError(f"no final dot is due in phase {self.phase}")
        self._command((ClientPhase.FINAL_DOT, -1, "."))
        return self._take_events()

    def tls_established(self) -> list[ClientEvent]:
        if self._phase is not ClientPhase.TLS:
            raise RuntimeError("no STARTTLS was answered")
        self.tls_active = True
        self.extensions = {}
        self._say_hello("EHLO")
        return self._take_events()

    def connection_lost(self, reason: str = "Connection lost") -> list[ClientEvent]:
        """To be called on end of file, timeout, failed handshake, or to give up; `reason` is a sentence for people."""
        if not self.is_closed:
            self._fail(reason, "4.4.2")
        return self._take_events()

    def quit(self) -> list[ClientEvent]:
        """Says goodbye; the phase must be READY."""
        if self.phase is not ClientPhase.READY:
            raise RuntimeError(f"no QUIT in phase {self.phase}")
        self._command((ClientPhase.QUIT, -1, "QUIT"))
        return self._take_events()

    # Replies.

    def _on_reply(self, reply: Reply) -> None:
        self._note(Direction.SERVER, reply_text(reply))
        phase = self.phase
        if phase is ClientPhase.QUIT:
            self._close()
        elif reply.code == 421:
            self._end(reply, phase)
        elif self._awaited:
            self._on_awaited(self._awaited.popleft(), reply)
        elif phase is ClientPhase.GREETING and reply.is_positive:
            self._say_hello("EHLO")
        elif phase is ClientPhase.GREETING:
            self._end(reply, phase, says_quit=True)
        elif phase is ClientPhase.CONTENT and reply.code >= 400:
            self._end(reply, phase)
        else:
            self._fail(f"Protocol error: unexpected reply {reply}", "4.5.0")

    def _on_awaited(self, command: Command, reply: Reply) -> None:
        phase, index, _ = command
        transaction = self._transaction
        if transaction is None:
            self._on_handshake(phase, reply)
        elif reply.is_intermediate is not (phase is ClientPhase.DATA) and reply.code < 400:
            self._awaited.appendleft(command)
            self._fail(f"Protocol error: unexpected reply {reply}", "4.5.0")
        else:
            self._on_transaction(transaction, phase, index, reply)

    def _on_transaction(self, transaction: ClientTransaction, phase: ClientPhase, index: int, reply: Reply) -> None:
        match phase:
            case ClientPhase.RSET if not reply.is_positive:
                self._fail(f"RSET was refused: {reply}", "4.5.0")
                return
            case ClientPhase.MAIL:
                self._needs_reset = reply.is_positive
                transaction.mail_replied(reply)
            case ClientPhase.RCPT:
                transaction.recipient_replied(index, reply)
            case ClientPhase.DATA if reply.is_intermediate:
                self._send_content(transaction)
                return
            case ClientPhase.DATA:
                transaction.settle(reply, ClientPhase.DATA)
            case ClientPhase.FINAL_DOT:
                if reply.is_positive and not self._sends_nothing:
                    self._needs_reset = False
                transaction.settle(reply, ClientPhase.FINAL_DOT)
        if transaction.is_settled:
            self._unsent.clear()
        if self._awaited or self._send_next():
            return
        self._finish_transaction()

    def _send_content(self, transaction: ClientTransaction) -> None:
        if transaction.is_settled:
            # RFC 2920 3.1: 354 although no recipient is valid; an empty message is sent and its reply means nothing.
            self._sends_nothing = True
            self._command((ClientPhase.FINAL_DOT, -1, "."))
            return
        content = transaction.stuffed_content()
        self._out.append(content)
        self._note(Direction.CLIENT, f"… {len(content):,} bytes")
        self._phase = ClientPhase.CONTENT
        self._events.append(ReadyForFinalDot(transaction.accepted_recipients))

    def _send_next(self) -> bool:
        """Sends the next commands, all at once where the server pipelines; False when there is none."""
        if not self._unsent:
            return False
        count = len(self._unsent) if self.config.pipelining and "PIPELINING" in self.extensions else 1
        for _ in range(count):
            self._command(self._unsent.popleft())
        return True

    # The handshake: EHLO, STARTTLS, EHLO, AUTH.

    def _say_hello(self, verb: str) -> None:
        self._phase = ClientPhase.EHLO
        self._tried_helo = verb == "HELO"
        self._command((ClientPhase.EHLO, -1, f"{verb} {self.config.hostname}"))

    def _on_handshake(self, phase: ClientPhase, reply: Reply) -> None:
        if phase is ClientPhase.EHLO:
            self._on_hello(reply)
        elif phase is ClientPhase.STARTTLS:
            self._on_starttls(reply)
        elif reply.is_intermediate and self._auth_steps:
            self._command((ClientPhase.AUTH, -1, self._auth_steps.pop(0).decode()), shown="****")
        elif reply.is_positive and not self._auth_steps:
            self._ready()
        elif reply.code >= 400:
            self._end(reply, ClientPhase.AUTH, says_quit=True)
        else:
            self._fail(f"Protocol error: unexpected reply {reply}", "4.5.0", phase=ClientPhase.AUTH)

    def _on_hello(self, reply: Reply) -> None:
        if reply.is_positive:
            self.extensions = {} if self._tried_helo else parse_extensions(reply)
            self._secure()
        elif reply.is_permanent and not self._tried_helo:
            self._say_hello("HELO")
        else:
            self._end(reply, ClientPhase.EHLO, says_quit=True)

    def _secure(self) -> None:
        wants_tls = not self.tls_active and self.config.tls is not ClientTls.NEVER
        if wants_tls and "STARTTLS" in self.extensions:
            self._command((ClientPhase.STARTTLS, -1, "STARTTLS"))
        elif wants_tls and self.config.tls is ClientTls.REQUIRE:
            self._fail("TLS is required and the server does not offer STARTTLS", "4.7.0", phase=ClientPhase.STARTTLS)
        else:
            self._authenticate()

    def _on_starttls(self, reply: Reply) -> None:
        if reply.is_positive:
            self._phase = ClientPhase.TLS
            self._events.append(StartClientTls())
        elif self.config.tls is ClientTls.REQUIRE:
            self._fail(f"TLS is required and STARTTLS was refused: {reply}", "4.7.0", phase=ClientPhase.STARTTLS)
        else:
            self._authenticate()

    def _authenticate(self) -> None:
        if self.config.credentials is None:
            self._ready()
            return
        username, password = self.config.credentials
        mechanisms = self.extensions.get("AUTH", "").upper().split()
        if not self.tls_active and not self.config.allow_plaintext_auth:
            self._fail("The connection has no TLS, so that no password is sent", "4.7.0", phase=ClientPhase.AUTH)
        elif "PLAIN" in mechanisms:
            response = plain_response(username, password).decode()
            self._command((ClientPhase.AUTH, -1, f"AUTH PLAIN {response}"), shown="AUTH PLAIN ****")
        elif "LOGIN" in mechanisms:
            self._auth_steps = [login_response(username), login_response(password)]
            self._command((ClientPhase.AUTH, -1, "AUTH LOGIN"))
        else:
            self._fail("The server offers neither AUTH PLAIN nor AUTH LOGIN", "4.7.0", phase=ClientPhase.AUTH)

    def _ready(self) -> None:
        self._phase = ClientPhase.READY
        self._events.append(Ready(self.extensions))

    # Ends.

    def _finish_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        self._unsent.clear()
        self._awaited.clear()
        if not self.is_closed:
            self._phase = ClientPhase.READY
        if transaction is not None:
            self._events.append(TransactionDone(transaction.outcomes(), (*self._preamble, *self._transcript)))
        self._transcript = []

    def _fail(self, reason: str, enhanced: str, *, phase: ClientPhase | None = None) -> None:
        """Ends the session on our own word, which is always transient; with a QUIT when `phase` is given."""
        self._end(Reply(451, enhanced, (reason,)), phase or self.phase, is_local=True, says_quit=phase is not None)

    def _end(self, reply: Reply, phase: ClientPhase, *, is_local: bool = False, says_quit: bool = False) -> None:
        is_idle = phase in (ClientPhase.READY, ClientPhase.QUIT)
        self._phase = ClientPhase.CLOSED
        if self._transaction is not None:
            is_uncertain = is_local and phase is ClientPhase.FINAL_DOT and not self._sends_nothing
            self._transaction.settle(reply, phase, is_local=is_local, is_uncertain=is_uncertain)
            self._finish_transaction()
        elif not is_idle:
            self._events.append(SessionFailed(reply, phase, is_local, tuple(self._preamble)))
        if says_quit:
            self._out.append(b"QUIT\r\n")
        self._close()

    def _close(self) -> None:
        self._phase = ClientPhase.CLOSED
        self._awaited.clear()
        self._unsent.clear()
        self._events.append(ClientClosed())

    def _command(self, command: Command, *, shown: str | None = None) -> None:
        self._awaited.append(command)
        line = command[2]
        self._out.append(f"{line}\r\n".encode())
        self._note(Direction.CLIENT, shown or line)

    def _note(self, direction: Direction, text: str) -> None:
        self._transcript.append(TranscriptLine(direction, text))

    def _take_events(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events
