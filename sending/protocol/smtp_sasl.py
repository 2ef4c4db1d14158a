"""SASL PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login) inside SMTP AUTH (RFC 4954)."""

import base64
import binascii
from enum import StrEnum

from sending.protocol.reply import Reply

CANCELLED = Reply(501, "5.7.0", ("Authentication cancelled",))
UNDECODABLE = Reply(501, "5.5.2", ("Not valid base64 or not the form this mechanism wants",))
FOREIGN_IDENTITY = Reply(535, "5.7.8", ("Authorization identity must be empty or the user name",))

_ASK_PLAIN = Reply(334)
_ASK_USERNAME = Reply(334, None, ("VXNlcm5hbWU6",))
_ASK_PASSWORD = Reply(334, None, ("UGFzc3dvcmQ6",))


class Mechanism(StrEnum):
    """What AUTH offers."""

    PLAIN = "PLAIN"
    LOGIN = "LOGIN"


class AuthExchange:
    """The server's side of one AUTH command. `username` and `password` are set once it answers None."""

    def __init__(self, mechanism: Mechanism) -> None:
        self.mechanism = mechanism
        self.username: str | None = None
        self.password: str | None = None

    def begin(self, initial_response: bytes | None) -> Reply | None:
        """The reply to the AUTH command (334, or a refusal), or None when that was all. "=" is an empty response."""
        if initial_response is None:
            return _ASK_PLAIN if self.mechanism is Mechanism.PLAIN else _ASK_USERNAME
        return self.respond(b"" if initial_response == b"=" else initial_response)

    def respond(self, line: bytes) -> Reply | None:
        """The reply to one response line (334, or a refusal that ends the exchange), or None when complete."""
        if line == b"*":
            return CANCELLED
        try:
            text = base64.b64decode(line, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return UNDECODABLE
        return self._plain(text) if self.mechanism is Mechanism.PLAIN else self._login(text)

    def _plain(self, text: str) -> Reply | None:
        parts = text.split("\0")
        if len(parts) != 3 or not parts[1]:
            return UNDECODABLE
        authorization, username, password = parts
        if authorization not in ("", username):
            return FOREIGN_IDENTITY
        self.username, self.password = username, password
        return None

    def _login(self, text: str) -> Reply | None:
        if "\0" in text:
            return UNDECODABLE
        if self.username is None:
            if not text:
                return UNDECODABLE
            self.username = text
            return _ASK_PASSWORD
        self.password = text
        return None


def plain_response(username: str, password: str) -> bytes:
    """A client's initial response for PLAIN."""
    return base64.b64encode(f"\0{username}\0{password}".encode())


def login_response(value: str) -> bytes:
    """A client's answer to either LOGIN challenge."""
    return base64.b64encode(value.encode())
