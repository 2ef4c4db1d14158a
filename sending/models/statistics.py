"""Counters of what happened to mail, by hour; they outlive the rows of the log."""

from typing import ClassVar

from django.db import models

from sending.models.foreign import reference
from sending.models.submission import Stream


class HourlyCount(models.Model):
    """What happened within one hour to mail of one domain, stream, category and mailbox provider.

    Written by `sending.stats` alone, from the feed; each event is counted in the hour in which it occurred.
    """

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    """Its beginning, in UTC."""
    domain = reference("domains.SendingDomain")
    stream = models.CharField(max_length=16, choices=Stream)
    category = models.CharField(max_length=255, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    """As `replies.providers` names it; empty where no receiving server is known."""
    delivered = models.PositiveBigIntegerField(default=0)
    bounced = models.PositiveBigIntegerField(default=0)
    soft_bounced = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    opened = models.PositiveBigIntegerField(default=0)
    """Messages opened for the first time; `opens` counts each opening. Clicks likewise."""
    opens = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    clicks = models.PositiveBigIntegerField(default=0)
    machine_opens = models.PositiveBigIntegerField(default=0)
    """By prefetchers and scanners, which no other column counts."""
    machine_clicks = models.PositiveBigIntegerField(default=0)
    spam = models.PositiveBigIntegerField(default=0)
    unsubscribed = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["HourlyCount"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "hour", "domain", "stream", "category", "provider"], name="a_count_once_an_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.hour:%Y-%m-%d %H}"
