"""The first event of every message, built here and written by the acceptance in its own transaction."""

import uuid
from datetime import datetime

from sending.events.record import EventRow
from sending.models import Event
from sending.models.identifiers import new_id


def accepted_event(message_id: uuid.UUID, account_id: int, occurred_at: datetime) -> EventRow:
    """The row that says when a message was accepted; its submission holds the rest."""
    return EventRow(new_id(), message_id, account_id, Event.Type.ACCEPTED, occurred_at, None, {})
