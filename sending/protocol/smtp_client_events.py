"""What an SMTP client session is configured with, what it is asked to send and what it tells its shell."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sending.protocol.reply import Reply


class ClientTls(StrEnum):
    """What a client wants of STARTTLS."""

    NEVER = "never"
    OPPORTUNISTIC = "opportunistic"
    REQUIRE = "require"
    IMPLICIT = "implicit"  # the shell has shaken hands before the greeting


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """`credentials` are user name and password; they are only sent under TLS, unless `allow_plaintext_auth`."""

    hostname: str
    tls: ClientTls = ClientTls.OPPORTUNISTIC
    credentials: tuple[str, str] | None = None
    allow_plaintext_auth: bool = False
    pipelining: bool = True

    def __repr__(self) -> str:
        return f"ClientConfig({self.hostname!r}, {self.tls}, credentials {'hidden' if self.credentials else 'none'})"


class ClientPhase(StrEnum):
    """What the session waits for, and where a reply was given. CONNECT is the shell's, before the session begins."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"  # tls_established() by the shell
    AUTH = "auth"
    READY = "ready"  # start() or quit() by the shell
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"  # send_final_dot() by the shell
    FINAL_DOT = "final_dot"
    QUIT = "quit"
    CLOSED = "closed"


# Seconds to wait for the server: RFC 5321 4.5.3.2; those it does not name take the five minutes of a command.
CLIENT_TIMEOUTS = {
    ClientPhase.CONNECT: 30.0,
    ClientPhase.GREETING: 300.0,
    ClientPhase.EHLO: 300.0,
    ClientPhase.STARTTLS: 120.0,
    ClientPhase.TLS: 60.0,
    ClientPhase.AUTH: 120.0,
    ClientPhase.RSET: 300.0,
    ClientPhase.MAIL: 300.0,
    ClientPhase.RCPT: 300.0,
    ClientPhase.DATA: 120.0,
    ClientPhase.CONTENT: 180.0,
    ClientPhase.FINAL_DOT: 600.0,
    ClientPhase.QUIT: 5.0,
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message to send. Addresses are in wire form without angle brackets, "" for the null reverse-path; lines of
    `content` end in CRLF. 8BITMIME and SMTPUTF8 are asked for where content or addresses need them, or if said here."""

    mail_from: str
    recipients: Sequence[str]
    content: bytes
    body_8bit: bool = False
    smtputf8: bool = False


class Direction(StrEnum):
    """Who said a line."""

    CLIENT = "C"
    SERVER = "S"


class TranscriptLine(NamedTuple):
    """`text` is a command or a whole reply ("\\n" between its lines), secrets masked, content summarised."""

    direction: Direction
    text: str


class RecipientOutcome(NamedTuple):
    """`reply` was given in `phase`; `is_local` when it is our own word. `is_uncertain`: the final dot was sent and
    its answer is lost, so that the message may have been accepted (RFC 1047)."""

    recipient: str
    reply: Reply
    phase: ClientPhase
    is_local: bool = False
    is_uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """`start` may be called now. `extensions` maps EHLO keywords to their parameters."""

    extensions: dict[str, str]


@dataclass(frozen=True, slots=True)
class StartClientTls:
    """Write outgoing(), shake hands on the same connection, then call tls_established(), or connection_lost()."""


@dataclass(frozen=True, slots=True)
class ReadyForFinalDot:
    """The content is in outgoing(), its final dot is not: `send_final_dot` when whoever must know does, else
    `connection_lost`. `recipients` are those that the server has accepted."""

    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransactionDone:
    """One outcome a recipient, in the transaction's order, and what was said, from the greeting on. Another
    transaction may follow if the session's phase is READY."""

    outcomes: tuple[RecipientOutcome, ...]
    transcript: tuple[TranscriptLine, ...]


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """No transaction is possible: `reply` was given in `phase`, or is our own word. Closed follows."""

    reply: Reply
    phase: ClientPhase
    is_local: bool
    transcript: tuple[TranscriptLine, ...]


@dataclass(frozen=True, slots=True)
class ClientClosed:
    """Write outgoing(), which may hold a QUIT, and close the connection."""


ClientEvent = Ready | StartClientTls | ReadyForFinalDot | TransactionDone | SessionFailed | ClientClosed
