"""What an account may send at once, whichever door it uses."""

from django.conf import settings

MOST_CATEGORY_CHARACTERS = 255
MOST_VARIABLES_BYTES = 1000
"""Of the custom variables as JSON."""
HIGHEST_MESSAGE_BYTES = 30 * 1024 * 1024
"""No account may be given more."""


def most_bytes(max_message_bytes: int | None) -> int:
    """The size limit of the composed message, for an account's own setting or None."""
    default: int = settings.MESSAGE_MAX_BYTES
    return default if max_message_bytes is None else min(max_message_bytes, HIGHEST_MESSAGE_BYTES)
