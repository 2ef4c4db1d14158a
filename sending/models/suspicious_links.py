"""Links in mail that deserve a person's look. Written by `sending.phishing` alone."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.submission import Stream


class SuspiciousLinks(models.Model):
    """What the rules found in mails of one domain and stream in which they found the same: one row, however many."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for a look")
        DISMISSED = "dismissed", _("Dismissed")
        CONFIRMED = "confirmed", _("Confirmed")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = reference("domains.SendingDomain")
    stream = models.CharField(_("stream"), max_length=16, choices=Stream)
    message = reference("sending.Message")
    """One of the newest mail that was read."""
    fingerprint = models.CharField(max_length=64)
    score = models.PositiveIntegerField(_("score"))
    findings = models.JSONField(default=list)
    """Rule, weight, address and the details of its sentence, each; nobody's address and no secret of a link."""
    mails = models.PositiveIntegerField(_("mails"), default=1)
    """That were read and had it; others may have it as well."""
    found_at = models.DateTimeField(_("found"))
    last_found_at = models.DateTimeField(_("last found"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason"), blank=True)

    objects: ClassVar[models.Manager["SuspiciousLinks"]] = models.Manager()

    class Meta:
        verbose_name = _("suspicious links")
        verbose_name_plural = _("suspicious links")
        constraints = [
            models.UniqueConstraint(fields=["domain", "stream", "fingerprint"], name="same_links_once"),
        ]
        indexes = [
            models.Index(fields=["found_at"], condition=models.Q(state="open"), name="suspicious_links_open"),
            models.Index(fields=["message"], name="suspicious_links_by_message"),
            models.Index(fields=["account", "last_found_at"], name="suspicious_links_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.domain_id} {self.stream} {self.score}"


class LinkReading(models.Model):
    """How far mail has been read for suspicious links: one row."""

    position = models.UUIDField(default=uuid.UUID(int=0))
    """The id of the last message that was looked at."""

    objects: ClassVar[models.Manager["LinkReading"]] = models.Manager()

    def __str__(self) -> str:
        return str(self.position)
