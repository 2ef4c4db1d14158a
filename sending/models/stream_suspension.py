"""That a stream of a domain was about to be suspended by its rates or its links, or was. Written by `sending.alerts`
alone."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.submission import Stream


class StreamSuspension(models.Model):
    """It begins with a warning, becomes a suspension where the sending goes on like that, and ends once. While it is a
    suspension the pause `pause_id` holds the stream's mail. One for its links is a suspension from the beginning, and
    ends by staff alone."""

    class Kind(models.TextChoices):
        BOUNCES = "bounces", _("Many bounces")
        SPAM = "spam", _("Many spam reports")
        LINKS = "links", _("Suspicious links")

    class End(models.TextChoices):
        RECOVERED = "recovered", _("Recovered")
        BY_STAFF = "by_staff", _("Released by staff")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = reference("domains.SendingDomain")
    stream = models.CharField(_("stream"), max_length=16, choices=Stream)
    kind = models.CharField(_("for"), max_length=16, choices=Kind)
    warned_at = models.DateTimeField(_("warned"))
    suspended_at = models.DateTimeField(_("suspended"), null=True)
    pause_id = models.BigIntegerField(null=True)
    part = models.PositiveBigIntegerField()
    whole = models.PositiveBigIntegerField()
    """The rate of 24 hours that the people were told last; for links, how many different mails had them, and how many
    in all."""
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.CharField(_("ended by"), max_length=16, choices=End, blank=True)

    objects: ClassVar[models.Manager["StreamSuspension"]] = models.Manager()

    class Meta:
        verbose_name = _("suspension of a stream")
        verbose_name_plural = _("suspensions of streams")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "stream", "kind"],
                condition=models.Q(ended_at=None),
                name="one_open_suspension_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.domain_id} for {self.kind} since {self.warned_at:%Y-%m-%d %H:%M}"
