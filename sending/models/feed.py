"""The feed: every event after acceptance, numbered in the order in which they became visible.

Written by `sending.events` alone.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from sending.models.foreign import reference


class EventBatch(models.Model):
    """The events of one account that one statement wrote: a row for many, so that the feed costs delivery little."""

    account = reference("accounts.Account")
    event_ids = ArrayField(models.UUIDField())
    written_at = models.DateTimeField(default=timezone.now)
    number = models.BigIntegerField(null=True)
    """Of its last event; those before it count down. Null until `events.feed` has seen the batch committed."""

    objects: ClassVar[models.Manager["EventBatch"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number"], name="a_number_once")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(number=None), name="batch_without_number"),
            models.Index(fields=["account", "number"], name="batch_by_account"),
        ]

    def __str__(self) -> str:
        return f"{len(self.event_ids)} up to {self.number}"


class FeedPosition(models.Model):
    """How far a reader of the feed has come; `numbered` is the writer of the numbers itself."""

    reader = models.CharField(max_length=32, primary_key=True)
    number = models.BigIntegerField(default=0)
    """Of the last event that it has dealt with."""

    objects: ClassVar[models.Manager["FeedPosition"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.reader} at {self.number}"
