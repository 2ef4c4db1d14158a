"""Mail to the address of List-Unsubscribe (RFC 2369): whoever writes to it is taken off the list, and gets no answer.

The address is signed and names the message. The subject that mail programs copy from the link carries the token of the
https form, which says who it was once the message's row is gone.
"""

import re
import uuid

import structlog
from django.conf import settings
from django.utils import timezone

from sending.listener.incoming import IncomingMail
from sending.models import Message
from sending.protocol import return_path
from sending.protocol.message_head import parse_head, split
from sending.protocol.recipient_links import Purpose, RecipientRef, read_recipient
from sending.protocol.smtp_path import Path
from sending.tracking.recipients import recipient_of
from sending.tracking.unsubscribing import unsubscribe

log = structlog.get_logger(__name__)

_SPACE = re.compile(r"\s+")


def is_unsubscribe_address(recipient: Path) -> bool:
    """Whether we signed it: the domain does not matter, the signature does."""
    return return_path.decode_unsubscribe(recipient.local_part, settings.RETURN_PATH_KEY) is not None


def take_unsubscription(mail: IncomingMail, recipient: Path) -> None:
    """Unsubscribes whom the address was made for, once. What has no sender is a machine's answer to something, and
    nobody's wish; nothing is sent either way, so that no two machines can go on writing to each other."""
    message_id = return_path.decode_unsubscribe(recipient.local_part, settings.RETURN_PATH_KEY)
    if message_id is None or not mail.reverse_path.address:
        return
    who = recipient_of(_ref(message_id, mail.content))
    is_done = who is not None and unsubscribe(who, timezone.now())
    log.info("unsubscription_received", message=message_id, done=is_done)


def _ref(message_id: uuid.UUID, content: bytes) -> RecipientRef | None:
    message = Message.objects.filter(pk=message_id).first()
    if message is not None:
        return RecipientRef(message.pk, message.domain_id, message.stream, message.recipient)
    subject = parse_head(split(content)[0]).first("subject") or ""
    # Long subjects are folded, wherever a program likes to.
    token = _SPACE.sub("", subject)
    ref = read_recipient(Purpose.UNSUBSCRIBE, token, settings.RECIPIENT_LINK_KEYS)
    return ref if ref is not None and ref.message_id == message_id else None
