"""Tells customers' servers what happens to their mail: queued from the feed, posted in order, at least once."""

from datetime import timedelta

READER = "webhooks"
MOST_EVENTS = 500
"""Of one request."""
MOST_OCTETS = 1_000_000
"""Of one request, unless its only event is larger."""
MOST_TRIES = 40
"""In a row without an answer that counts; then the webhook is paused."""
RETRY_AFTER = timedelta(minutes=5)
KEPT = timedelta(days=14)
"""What was sent, what waits, and the log, whatever the plan."""
MOST_ENDPOINTS = 25
"""Of one account."""
