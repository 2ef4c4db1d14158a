"""One mail transaction as the server sees it: MAIL, RCPT, then DATA or BDAT (RFC 5321 3.3, RFC 3030)."""

from dataclasses import replace

from sending.protocol import smtp_server_replies as replies
from sending.protocol.memory import MemoryBudget, MemoryShare
from sending.protocol.message_head import head_is_too_long
from sending.protocol.reply import Reply
from sending.protocol.smtp_commands import parse_bdat, parse_mail, parse_rcpt
from sending.protocol.smtp_data import RUNAWAY_OCTETS, ChunkReceiver, DataReceiver, content_refusal
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import MailFrom, MessageReceived, RcptTo, ReceivedEnvelope, ServerConfig

LEAST_CHUNK_OCTETS = 512
"""A client that sends smaller ones, but for the last, asks for work rather than sends a mail."""


class MailTransaction:
    """What the client has said since the last reset. Commands answer an event to decide on, or a Reply."""

    def __init__(self, config: ServerConfig, budget: MemoryBudget) -> None:
        self._config = config
        self._share = MemoryShare(budget)
        self.reset()

    def reset(self) -> None:
        self._share.release()
        self._envelope: ReceivedEnvelope | None = None
        self._recipients: list[Path] = []
        self._has_tried_recipient = False
        self._data: DataReceiver | None = None
        self._chunks: ChunkReceiver | None = None
        self._open_chunk: ChunkReceiver | None = None
        self._chunk_refusal: Reply | None = None
        self._chunk_size, self._chunk_is_last = 0, False

    @property
    def is_open(self) -> bool:
        return self._envelope is not None

    @property
    def smtputf8(self) -> bool:
        return self._envelope is not None and self._envelope.smtputf8

    @property
    def is_runaway(self) -> bool:
        """True when refused content goes on so long that the connection is better closed."""
        return self._data is not None and self._data.is_runaway

    @property
    def missing(self) -> int | None:
        """The octets that the open chunk lacks; None for DATA, whose end nobody knows."""
        return None if self._data is not None or self._open_chunk is None else self._open_chunk.remaining

    @property
    def is_tiny_chunk(self) -> bool:
        """Whether BDAT has announced next to nothing, with more to follow."""
        return self._chunk_size < LEAST_CHUNK_OCTETS and not self._chunk_is_last

    def mail(self, argument: bytes) -> MailFrom | Reply:
        if self._envelope is not None:
            return replies.NESTED_MAIL
        envelope = parse_mail(argument, self._config)
        return envelope if isinstance(envelope, Reply) else MailFrom(envelope)

    def open(self, envelope: ReceivedEnvelope) -> None:
        self._envelope = envelope

    def rcpt(self, argument: bytes) -> RcptTo | Reply:
        if self._envelope is None:
            return replies.MAIL_FIRST
        if self._chunks is not None:
            return replies.NOT_AFTER_BDAT
        self._has_tried_recipient = True
        recipient = parse_rcpt(argument, self._config, self._envelope)
        if isinstance(recipient, Reply):
            return recipient
        if len(self._recipients) >= self._config.max_recipients:
            return replies.TOO_MANY_RECIPIENTS
        return RcptTo(recipient)

    def add(self, recipient: Path) -> None:
        self._recipients.append(recipient)

    def data(self) -> Reply:
        """354, after which `receive` takes the content, or a refusal."""
        refusal = self._refusal_of_content()
        if refusal is None and self._chunks is not None:
            refusal = replies.NOT_AFTER_BDAT
        if refusal is not None:
            return refusal
        # What was announced is taken at once: better to turn one mail away now than many in the middle.
        announced = self._envelope.size if self._envelope is not None else None
        if not self._share.cover(announced or 1):
            return replies.NO_MEMORY
        self._data = DataReceiver(self._config.max_size, self._share)
        return replies.START_CONTENT

    def bdat(self, argument: bytes) -> Reply | None:
        """None when a chunk follows, even if only to be dropped and refused at its end. A Reply when the place of the
        next command is unknown or too far off: the connection cannot go on."""
        parsed = parse_bdat(argument) if self._config.chunking else replies.NOT_IMPLEMENTED
        if isinstance(parsed, Reply):
            return parsed
        self._chunk_size, self._chunk_is_last = parsed
        if self._chunk_size > 2 * self._config.max_size + RUNAWAY_OCTETS:
            return replies.TOO_LARGE
        self._chunk_refusal = self._refusal_of_content()
        if self._chunk_refusal is None and self._chunks is not None and self._chunks.refusal:
            self._chunk_refusal = replies.CHUNKS_FAILED
        if self._chunk_refusal is None:
            self._open_chunk = self._chunks = self._chunks or ChunkReceiver(self._config.max_size, self._share)
        else:
            self._open_chunk = _sink()
        self._open_chunk.open_chunk(self._chunk_size)
        return None

    def refuse_chunk(self, reply: Reply) -> None:
        """Has the chunk that `bdat` opened dropped and answered with `reply`."""
        self._open_chunk, self._chunk_refusal = _sink(), reply
        self._open_chunk.open_chunk(self._chunk_size)

    def receive(self, data: bytes) -> bytes | None:
        """Takes content; what follows its end or the chunk's, or None while that has not come."""
        receiver = self._data or self._open_chunk
        if receiver is None:
            raise RuntimeError("neither DATA nor BDAT is under way")
        return receiver.feed(data)

    def outcome(self) -> MessageReceived | Reply:
        """What to decide or to answer, once `receive` has come to an end."""
        if self._data is not None:
            return self._whole(self._data)
        if self._chunk_refusal is not None or self._chunks is None:
            refusal = self._chunk_refusal or replies.MAIL_FIRST
            if self._chunk_is_last:
                self.reset()
            return refusal
        if self._chunk_is_last or self._chunks.refusal is not None:
            return self._whole(self._chunks)
        return Reply(250, "2.0.0", (f"{self._chunk_size} octets received",))

    def _refusal_of_content(self) -> Reply | None:
        if self._envelope is None:
            return replies.MAIL_FIRST
        if not self._recipients:
            return replies.NO_VALID_RECIPIENTS if self._has_tried_recipient else replies.RCPT_FIRST
        return None

    def _whole(self, receiver: DataReceiver | ChunkReceiver) -> MessageReceived | Reply:
        refusal = receiver.refusal
        octets = b""
        if refusal is None:
            octets = receiver.content()
            refusal = content_refusal(octets, allow_long_lines=self._config.allow_long_lines)
            if refusal is None and head_is_too_long(octets):
                refusal = replies.HEAD_TOO_LONG
        envelope, recipients = self._envelope, tuple(self._recipients)
        if refusal is not None or envelope is None:
            if self._data is not None or self._chunk_is_last:
                self.reset()
            return refusal or replies.MAIL_FIRST
        return MessageReceived(replace(envelope, recipients=recipients), octets)


def _sink() -> ChunkReceiver:
    return ChunkReceiver(0, MemoryShare(MemoryBudget(0)))
