"""Addresses that get no more mail: for one domain and stream, or for all of an account's."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.identifiers import new_id


class Suppression(models.Model):
    """One reason for which one address gets no mail. Written by `sending.suppressions` alone."""

    class Type(models.TextChoices):
        """The contract's words."""

        HARD_BOUNCE = "hard bounce", _("Hard bounce")
        UNSUBSCRIPTION = "unsubscription", _("Unsubscribed")
        SPAM_COMPLAINT = "spam complaint", _("Marked as spam")
        MANUAL_IMPORT = "manual import", _("Added by hand")

    class Scope(models.TextChoices):
        """The streams that it covers."""

        TRANSACTIONAL = "transactional", _("Transactional")
        BULK = "bulk", _("Bulk")
        ANY = "any", _("Both streams")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = reference("domains.SendingDomain", null=True)
    """Null: all domains of the account."""
    stream = models.CharField(max_length=16, choices=Scope)
    email = models.CharField(_("address"), max_length=320)
    """As `suppressions.same_address` writes it."""
    type = models.CharField(_("reason"), max_length=16, choices=Type)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    message = reference("sending.Message", null=True)
    """The one that led here; null for what people or imports added."""
    event_id = models.UUIDField(null=True, unique=True)
    rule = models.CharField(max_length=120, blank=True)
    """The bounce rule that decided."""
    incident = models.CharField(max_length=64, blank=True)
    """What bounces of one cause have in common, so that all of them can be undone at once."""
    evidence = models.JSONField(default=dict)
    """Of the message as it was then, since its row may go: the contract's `message_…` fields without their prefix."""

    objects: ClassVar[models.Manager["Suppression"]] = models.Manager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email", "domain", "stream", "type"],
                nulls_distinct=False,
                name="a_suppression_once",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="suppression_by_account"),
            models.Index(fields=["account", "type", "-id"], name="suppression_by_type"),
            # Beginnings of addresses, whatever the collation.
            models.Index(
                fields=["account", "email"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="suppression_by_beginning",
            ),
            models.Index(fields=["account", "incident"], condition=~models.Q(incident=""), name="by_incident"),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.type})"
