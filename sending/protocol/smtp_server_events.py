"""What an SMTP server session is configured with and what it tells its shell."""

from dataclasses import dataclass
from enum import StrEnum

from sending.protocol.smtp_path import Path
from sending.protocol.smtp_sasl import Mechanism


class ServerTls(StrEnum):
    """How a port speaks TLS."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Octets and counts. `require_tls` and `require_auth` forbid MAIL without them; AUTH always needs TLS."""

    hostname: str
    tls: ServerTls = ServerTls.STARTTLS
    require_tls: bool = False
    allow_auth: bool = False
    require_auth: bool = False
    max_size: int = 10_485_760
    max_recipients: int = 1000
    max_messages: int = 100
    max_errors: int = 20
    max_auth_failures: int = 3
    max_idle_commands: int = 100
    smtputf8: bool = True
    chunking: bool = True
    allow_long_lines: bool = False
    allow_address_literals: bool = False
    allow_bare_postmaster: bool = False
    greeting: str = "ESMTP"

    def __post_init__(self) -> None:
        if self.require_tls and self.tls is ServerTls.NONE:
            raise ValueError("require_tls needs tls to be starttls or implicit")
        if self.require_auth and not self.allow_auth:
            raise ValueError("require_auth needs allow_auth")
        if self.allow_auth and self.tls is ServerTls.NONE:
            raise ValueError("allow_auth needs tls to be starttls or implicit: passwords never travel in clear")


class ServerPhase(StrEnum):
    """What the session waits for; the shell picks its timeout by it (SERVER_TIMEOUTS)."""

    GREETING = "greeting"  # greet() by the shell
    COMMAND = "command"
    AUTH = "auth"  # a SASL response
    DATA = "data"  # content
    DECISION = "decision"  # accept() or reject() by the shell
    TLS = "tls"  # tls_established() by the shell
    CLOSED = "closed"


# Seconds without a byte from the client: RFC 5321 4.5.3.2.7 for commands, 4.5.3.2.5 for blocks of content.
SERVER_TIMEOUTS = {
    ServerPhase.COMMAND: 300.0,
    ServerPhase.AUTH: 300.0,
    ServerPhase.DATA: 180.0,
    ServerPhase.TLS: 60.0,
}


@dataclass(frozen=True, slots=True)
class ReceivedEnvelope:
    """`size` is what MAIL declared in octets, None if it did not. The recipients are the accepted ones, in order."""

    reverse_path: Path
    recipients: tuple[Path, ...] = ()
    size: int | None = None
    body_8bit: bool = False
    smtputf8: bool = False


class CloseReason(StrEnum):
    """Why the session ended."""

    QUIT = "quit"
    LIMIT = "limit"  # too many errors or messages, content or a line without end, no SMTP at all
    REFUSED = "refused"  # a reply of the shell with code 421
    SHUTDOWN = "shutdown"
    LOST = "lost"  # by the client or the network


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Question. Accepting it makes `username` the session's."""

    mechanism: Mechanism
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Authenticate({self.mechanism}, {self.username!r}, password hidden)"


@dataclass(frozen=True, slots=True)
class MailFrom:
    """Question, about an envelope that has no recipient yet."""

    envelope: ReceivedEnvelope


@dataclass(frozen=True, slots=True)
class RcptTo:
    """Question."""

    recipient: Path


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Question, whose acceptance answers 250: ask it only after the message is safe. Lines of `content` end in CRLF."""

    envelope: ReceivedEnvelope
    content: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """Write outgoing(), shake hands on the same connection, then call tls_established(), or close if it failed."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Write outgoing() and close the connection; the session takes nothing more."""

    reason: CloseReason


Question = Authenticate | MailFrom | RcptTo | MessageReceived
ServerEvent = Question | StartTls | Closed
