"""How large one message of an account may be, attachments included."""

from django.conf import settings

HIGHEST_MESSAGE_BYTES = 30 * 1024 * 1024
"""No account may be given more."""


def most_bytes(max_message_bytes: int | None) -> int:
    """The size limit of the composed message, for an account's own setting or None."""
    default: int = settings.MESSAGE_MAX_BYTES
    return default if max_message_bytes is None else min(max_message_bytes, HIGHEST_MESSAGE_BYTES)
