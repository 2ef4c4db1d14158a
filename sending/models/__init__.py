"""The tables of a mail's life. Submission, Content, Message, Attempt and Event are partitioned by their id."""

from sending.models.attempt import Attempt
from sending.models.captured_mail import CapturedMail
from sending.models.content import Content
from sending.models.event import Event
from sending.models.message import Message, MessageStatus, RecipientKind
from sending.models.queue_entry import QueueEntry
from sending.models.submission import Door, Stream, Submission

__all__ = [
    "Attempt",
    "CapturedMail",
    "Content",
    "Door",
    "Event",
    "Message",
    "MessageStatus",
    "QueueEntry",
    "RecipientKind",
    "Stream",
    "Submission",
]
