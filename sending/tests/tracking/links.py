"""The paths of a message's links, as they stand in its mail."""

from typing import Any

from django.conf import settings

from sending.models import Message
from sending.protocol import recipient_links
from sending.protocol.recipient_links import Purpose, RecipientRef

READER: dict[str, Any] = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}


def key() -> bytes:
    return settings.RECIPIENT_LINK_KEYS[0]


def pixel_of(message: Message) -> str:
    return f"/t/o/{recipient_links.seal_open(message.pk, key())}"


def click_of(message: Message, target: bytes = b"https://shop.test/a") -> str:
    return f"/t/c/{recipient_links.seal_click(message.pk, target, key())}"


def ref_of(message: Message) -> RecipientRef:
    return RecipientRef(message.pk, message.domain_id, message.stream, message.recipient)


def unsubscribe_of(message: Message) -> str:
    return f"/t/unsubscribe/{recipient_links.seal_recipient(Purpose.UNSUBSCRIBE, ref_of(message), key())}"


def tracking_of(message: Message) -> str:
    return f"/t/tracking/{recipient_links.seal_recipient(Purpose.TRACKING_OPT_OUT, ref_of(message), key())}"
