"""Reads mail of new accounts whose bodies go as soon as nobody waits for them: later there would be nothing to read.

Called right before `retention.settled`, which deletes these bodies.
"""

import time
from collections.abc import Sequence

from django.utils import timezone

from sending.events.feed import FedEvent
from sending.models import Message, StreamSetting
from sending.phishing.reading import Budget, accounts_that_are_new, read

SECONDS = 5.0
"""The feed waits no longer."""


def take(events: Sequence[FedEvent]) -> None:
    """For `feed.advance`. Doing it twice counts a mail twice, and does no other harm."""
    accounts = {event.account_id for event in events}
    settings = StreamSetting.objects.filter(account__in=accounts, body_days=0)
    chosen = set(settings.values_list("account", "stream"))
    if not chosen:
        return
    now = timezone.now()
    new = accounts_that_are_new(now) & {account for account, _ in chosen}
    told = [event.message_id for event in events if event.account_id in new]
    if not told:
        return
    found = Message.objects.filter(pk__in=told, pk__gte=min(told), pk__lte=max(told), finished_at__isnull=False)
    messages = {one.submission_id: one for one in found.order_by("-pk") if (one.account_id, one.stream) in chosen}
    read(sorted(messages.values(), key=lambda one: one.pk), new, now, Budget(time.monotonic() + SECONDS))
