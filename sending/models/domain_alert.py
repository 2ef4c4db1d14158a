"""What the people of a domain were told about how its mail fares. Written by `sending.alerts` alone."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference


class DomainAlert(models.Model):
    """That a rate of a domain became critical. It stands until the domain is healthy again, and is told once."""

    class Kind(models.TextChoices):
        BOUNCES = "bounces", _("Many bounces")
        SPAM = "spam", _("Many spam reports")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = reference("domains.SendingDomain")
    kind = models.CharField(max_length=16, choices=Kind)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """When it was seen to be healthy again; null while it is not."""
    part = models.PositiveBigIntegerField()
    whole = models.PositiveBigIntegerField()
    """The rate when it began: bounces of final answers, or complaints of deliveries, in 24 hours."""

    objects: ClassVar[models.Manager["DomainAlert"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "kind"], condition=models.Q(ended_at=None), name="one_standing_alert_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.domain_id} since {self.began_at:%Y-%m-%d %H:%M}"


class WeeklySummary(models.Model):
    """That the letter about one week of a domain was written."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = reference("domains.SendingDomain")
    week = models.DateField()
    """Its Monday, in UTC."""
    written_at = models.DateTimeField()

    objects: ClassVar[models.Manager["WeeklySummary"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "week"], name="one_summary_a_week")]

    def __str__(self) -> str:
        return f"{self.domain_id} {self.week:%G-W%V}"
