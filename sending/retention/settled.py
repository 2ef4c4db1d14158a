"""Deletes bodies, and subjects where the account wants that, as soon as no recipient of an email waits any more.

For streams of which the account keeps bodies 0 days. It follows the feed, so it never comes before the end of a mail.
"""

from collections.abc import Sequence
from datetime import timedelta

from sending.events.feed import FedEvent
from sending.events.lifecycle import FINAL, changes
from sending.models import Content, Message, StreamSetting, Submission
from sending.models.identifiers import id_floor, time_of

READER = "settled"
_SETTLING = frozenset(str(event) for _, event, after in changes() if after in FINAL)
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(minutes=5)
"""How far the ids of an email's messages may lie from its own: they are made together, copies when it is accepted."""


def take(events: Sequence[FedEvent]) -> None:
    """For `feed.advance`. Doing it twice does no harm."""
    settling = [event for event in events if event.type in _SETTLING]
    settings = StreamSetting.objects.filter(account__in={event.account_id for event in settling}, body_days=0)
    chosen = {(one.account_id, one.stream): one.keeps_subject for one in settings}
    asking = {account for account, _ in chosen}
    told = [event.message_id for event in settling if event.account_id in asking]
    if not told:
        return
    messages = Message.objects.filter(pk__in=told, pk__gte=min(told), pk__lte=max(told), finished_at__isnull=False)
    found = {one.submission_id: one for one in messages if (one.account_id, one.stream) in chosen}
    bodies, without_subject, rows = [], [], []
    for submission in Submission.objects.filter(pk__in=list(found)).only("content_id", "recipient_count"):
        last = found[submission.pk]
        siblings = [last] if submission.recipient_count == 1 else _messages_of(submission, last.account_id)
        if any(one.finished_at is None for one in siblings):
            continue
        bodies.append(submission.content_id)
        if not chosen[last.account_id, last.stream]:
            without_subject.append(submission.pk)
            rows += [one.pk for one in siblings]
    Content.objects.filter(pk__in=bodies).delete()
    if rows:
        Message.objects.filter(pk__in=rows, pk__gte=min(rows), pk__lte=max(rows)).update(subject="")
        Submission.objects.filter(pk__in=without_subject).update(subject="")


def _messages_of(submission: Submission, account_id: int) -> list[Message]:
    made_at = time_of(submission.pk)
    near = Message.objects.filter(pk__gte=id_floor(made_at - _BEFORE), pk__lt=id_floor(made_at + _AFTER))
    return list(near.filter(account=account_id, submission=submission.pk).only("finished_at"))
