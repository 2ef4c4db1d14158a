"""Drives server and client sessions in tests: decides every question at once, joins what was written."""

from collections.abc import Callable, Iterable

from sending.protocol.reply import Reply, ReplyReader
from sending.protocol.smtp_client import ClientSession
from sending.protocol.smtp_client_events import (
    ClientEvent,
    ReadyForFinalDot,
    StartClientTls,
)
from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import (
    Authenticate,
    MailFrom,
    MessageReceived,
    RcptTo,
    ServerConfig,
    ServerEvent,
    ServerTls,
    StartTls,
)

QUESTIONS = (Authenticate, MailFrom, RcptTo, MessageReceived)

SUBMISSION = ServerConfig("mx.test", require_tls=True, allow_auth=True, require_auth=True, max_size=100_000)
SUBMISSION_TLS = ServerConfig(
    "mx.test", tls=ServerTls.IMPLICIT, require_tls=True, allow_auth=True, require_auth=True, max_size=100_000
)
INBOUND = ServerConfig("mx.test", max_size=100_000, allow_auth=True, allow_bare_postmaster=True)


def refusal(event: ServerEvent) -> Reply | None:
    """The policy of these tests: password "secret"; recipients that begin with no, later or end are refused."""
    if isinstance(event, Authenticate) and event.password != "secret":
        return Reply(535, "5.7.8", ("no",))
    if isinstance(event, MailFrom) and event.envelope.reverse_path.local_part == "nobody":
        return Reply(550, "5.7.1", ("no",))
    if isinstance(event, RcptTo):
        codes = {"no": 550, "later": 450, "end": 421}
        code = codes.get(event.recipient.local_part)
        return Reply(code, f"{code // 100}.1.1", ("refused",)) if code else None
    return None


class DecidedServer:
    """A server session whose questions are answered by `refusal`, TLS included. `written` is all it said."""

    def __init__(self, config: ServerConfig, decide: Callable[[ServerEvent], Reply | None] = refusal) -> None:
        self.session = ServerSession(config)
        self.events: list[ServerEvent] = []
        self.written = b""
        self._taken = 0
        self._decide = decide
        self._handle(self.session.greet())

    def feed(self, data: bytes) -> None:
        self._handle(self.session.feed(data))

    def feed_in_pieces(self, data: bytes, cuts: Iterable[int]) -> None:
        start = 0
        for cut in [*sorted(cuts), len(data)]:
            self.feed(data[start:cut])
            start = cut

    def take(self) -> bytes:
        """What was written since the last call."""
        data, self._taken = self.written[self._taken :], len(self.written)
        return data

    def codes(self) -> list[int]:
        return [reply.code for reply in self.replies()]

    def replies(self) -> list[Reply]:
        reader = ReplyReader()
        reader.feed(self.written)
        replies = []
        while (reply := reader.next_reply()) is not None:
            replies.append(reply)
        assert reader.is_empty
        return replies

    def messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]

    def _handle(self, events: list[ServerEvent]) -> None:
        pending = list(events)
        self.written += self.session.outgoing()
        while pending:
            event = pending.pop(0)
            self.events.append(event)
            if isinstance(event, StartTls):
                pending += self.session.tls_established()
            elif isinstance(event, QUESTIONS):
                reply = self._decide(event)
                pending += self.session.accept() if reply is None else self.session.reject(reply)
            self.written += self.session.outgoing()


def converse(client: ClientSession, server: DecidedServer) -> list[ClientEvent]:
    """Carries bytes to and fro until both are silent; the final dot is sent at once. Answers the client's events."""
    seen: list[ClientEvent] = []
    while True:
        heard = server.take()
        pending = client.feed(heard)
        while pending:
            event = pending.pop(0)
            seen.append(event)
            if isinstance(event, StartClientTls):
                pending += client.tls_established()
            elif isinstance(event, ReadyForFinalDot):
                pending += client.send_final_dot()
        said = client.outgoing()
        if said:
            server.feed(said)
        elif not heard:
            return seen
