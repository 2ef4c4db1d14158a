"""Counters of what happened to mail, by hour and by day; they outlive the rows of the log."""

from typing import ClassVar

from django.db import models

from sending.models.foreign import reference
from sending.models.identifiers import new_id
from sending.models.submission import Stream

COUNTED = (
    "delivered",
    "bounced",
    "soft_bounced",
    "rejected",
    "opened",
    "opens",
    "clicked",
    "clicks",
    "machine_opens",
    "machine_clicks",
    "spam",
    "unsubscribed",
)
"""The columns that count."""


class Counts(models.Model):
    """What happened within one time to mail of one domain, stream, category and mailbox provider.

    Written by `sending.stats` alone, from the feed; each event is counted in the time in which it occurred.
    """

    # The constraints below begin with the account, so it needs no index of its own.
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+", db_index=False)
    domain = reference("domains.SendingDomain")
    stream = models.CharField(max_length=16, choices=Stream)
    category = models.CharField(max_length=255, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    """As `replies.providers` names it; empty where no receiving server is known."""
    delivered = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    """Messages, however often their return was reported. What was delivered and came back counts in both."""
    soft_bounced = models.PositiveIntegerField(default=0)
    """Attempts, each of which was put off."""
    rejected = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    """Messages opened for the first time; `opens` counts each opening. Clicks likewise."""
    opens = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    machine_opens = models.PositiveIntegerField(default=0)
    """By prefetchers and scanners, which no other column counts."""
    machine_clicks = models.PositiveIntegerField(default=0)
    spam = models.PositiveIntegerField(default=0)
    """Messages, however often they were complained about; `unsubscribed` likewise."""
    unsubscribed = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class HourlyCount(Counts):
    """Counts of one hour."""

    hour = models.DateTimeField()
    """Its beginning, in UTC."""

    objects: ClassVar[models.Manager["HourlyCount"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "hour", "domain", "stream", "category", "provider"], name="a_count_once_an_hour"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="hours_by_age")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.hour:%Y-%m-%d %H}"


class DailyCount(Counts):
    """The same of one day (UTC), kept for good: a month of a large account is a million hours' rows."""

    day = models.DateField()

    objects: ClassVar[models.Manager["DailyCount"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "domain", "stream", "category", "provider"], name="a_count_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day:%Y-%m-%d}"


class CountedOnce(models.Model):
    """Which kinds of news about a message were counted, of those that count once a message: a complaint or a report of
    its return may come twice. Its id is the message's; written by `sending.stats` alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kinds = models.PositiveSmallIntegerField()
    """Bits, as `sending.stats.counters` gives them."""

    objects: ClassVar[models.Manager["CountedOnce"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.pk}: {self.kinds:b}"
