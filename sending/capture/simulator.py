"""Addresses at `simulator.test` that make every outcome of a delivery visible on the development route."""

import threading
import uuid

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from sending.capture import late_bounce
from sending.capture.store import capture
from sending.events.record import News, record_news
from sending.listener.incoming import IncomingMail
from sending.models import Event, Message
from sending.protocol import return_path
from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path

log = structlog.get_logger(__name__)

DOMAIN = "simulator.test"
COMPLAINT_DELAY = 1.0
"""Seconds after which the reader "presses the button", so that the delivery is known first."""

REFUSALS = {
    "bounce": Reply(550, "5.1.1", ("No such user here",)),
    "defer": Reply(451, "4.7.1", ("Greylisted, says the simulator; come back later",)),
    "block": Reply(550, "5.7.1", ("Refused by policy, says the simulator",)),
}
COMPLAINING = "complain"
LATE = "late-bounce"


def is_simulated(recipient: Path) -> bool:
    """Whether the recipient is one of the simulator's."""
    return recipient.domain.lower() == DOMAIN


def refusal(recipient: Path) -> Reply | None:
    """What RCPT is answered with; None for a recipient that is accepted. `bounce+anything` is `bounce`."""
    return REFUSALS.get(_name(recipient))


def receive(mail: IncomingMail, recipient: Path) -> None:
    """Captures the mail. A complaint about it follows from `complain@`, and `late-bounce@` sends it back."""
    capture(mail, recipient.address)
    if _name(recipient) == LATE and mail.reverse_path.address:
        late_bounce.send_back_later(mail.reverse_path.address, recipient)
    if _name(recipient) != COMPLAINING:
        return
    message_id = return_path.decode(mail.reverse_path.local_part, settings.RETURN_PATH_KEY)
    if message_id is not None:
        timer = threading.Timer(COMPLAINT_DELAY, _complain_and_close, [message_id])
        timer.daemon = True
        timer.start()


def complain(message_id: uuid.UUID) -> bool:
    """Records that the recipient marked the message as spam; False for a message that is not known."""
    account_id = Message.objects.filter(pk=message_id).values_list("account_id", flat=True).first()
    if account_id is None:
        return False
    record_news([News(message_id, account_id, Event.Type.SPAM, timezone.now(), {"spam_feedback_type": "abuse"})])
    return True


def _complain_and_close(message_id: uuid.UUID) -> None:
    try:
        known = complain(message_id)
        log.info("complained", message=message_id, known=known)
    finally:
        connection.close()


def _name(recipient: Path) -> str:
    return recipient.local_part.lower().partition("+")[0] if is_simulated(recipient) else ""
