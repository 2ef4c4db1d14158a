"""Recipients who are erased from an account, and what was removed: the certificate."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailtrap_site.sealed import SealedTextField


class Erasure(models.Model):
    """Worked off in steps; the row is the truth. `sending.privacy` alone writes it."""

    class Stage(models.TextChoices):
        """What is looked through, in this order."""

        EMAILS = "emails", _("Email log, events and bodies")
        LISTS = "lists", _("Suppressions and tracking opt-outs")
        CAPTURED = "captured", _("Sandboxes")
        WEBHOOKS = "webhooks", _("Webhook events that are kept to be sent again")
        FILES = "files", _("Exports, imports and saved views")
        TRACES = "traces", _("Audit log, notifications and requests")
        DONE = "done", _("Done")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="erasures")
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    address = SealedTextField(null=True)
    """As `suppressions.same_address` writes it; null once it is erased here as well."""
    mark = models.CharField(max_length=80)
    """The digest that `suppressions.marks` makes of it."""
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.EMAILS)
    position = models.CharField(max_length=36, blank=True)
    """Of the stage: the id up to which it is done."""
    counts = models.JSONField(default=dict)
    """What was removed or changed, by kind."""
    waiting = models.PositiveIntegerField(default=0)
    """Emails that are left for a later look, since somebody still waits for them."""
    due_at = models.DateTimeField(default=timezone.now)
    """When its next step may be taken."""
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Erasure"]] = models.Manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [
            models.Index(fields=["account", "-id"], name="erasure_by_account"),
            models.Index(fields=["due_at"], condition=models.Q(finished_at=None), name="erasure_open"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
