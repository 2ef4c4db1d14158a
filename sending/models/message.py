"""One recipient's copy: the row of the email log and the unit of metering."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.identifiers import new_id, time_of
from sending.models.submission import Stream


class RecipientKind(models.TextChoices):
    """Which field named the recipient."""

    TO = "to", _("To")
    CC = "cc", _("Cc")
    BCC = "bcc", _("Bcc")
    AUTO_BCC = "auto_bcc", _("Automatic copy")
    """None did: the sending domain copies all its mail to this address."""


class MessageStatus(models.TextChoices):
    """The states of a message that are stored; "sending" is derived from the lease of its queue entry."""

    SCHEDULED = "scheduled", _("Scheduled")
    QUEUED = "queued", _("Queued")
    DEFERRED = "deferred", _("Deferred")
    UNCERTAIN = "uncertain", _("Uncertain")
    HELD = "held", _("Held")
    DELIVERED = "delivered", _("Delivered")
    CAPTURED = "captured", _("Captured")
    BOUNCED = "bounced", _("Bounced")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")


class Message(models.Model):
    """Its id is the contract's `message_id`. Status is written by `sending.events.record` alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    submission = reference("sending.Submission")
    account = reference("accounts.Account")
    domain = reference("domains.SendingDomain")
    stream = models.CharField(max_length=16, choices=Stream)
    kind = models.CharField(max_length=8, choices=RecipientKind)
    recipient = models.CharField(max_length=320)
    from_address = models.CharField(max_length=320)
    subject = models.TextField()
    category = models.CharField(max_length=255, null=True)
    status = models.CharField(_("status"), max_length=16, choices=MessageStatus, default=MessageStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    """When a scheduled message leaves, or a deferred one is tried again, for the log; the queue entry decides."""
    finished_at = models.DateTimeField(null=True)
    recipient_mx = models.CharField(max_length=253, null=True)
    provider = models.CharField(max_length=64, null=True)
    """The mailbox provider that `recipient_mx` belongs to, as `replies.providers` names it."""
    sending_ip = models.GenericIPAddressField(null=True)
    reply = models.TextField(null=True)
    """The last answer of the receiving server, in one line."""
    opens_count = models.PositiveIntegerField(default=0)
    clicks_count = models.PositiveIntegerField(default=0)
    opted_out_at = models.DateTimeField(null=True)
    """When the recipient unsubscribed or reported spam; the status stays what the delivery made it."""
    send_at = models.DateTimeField(null=True)
    """The time that was chosen for it to leave; null for mail that left at once."""

    objects: ClassVar[models.Manager["Message"]] = models.Manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["account", "id"], name="message_by_account"),
            models.Index("account", OpClass(Lower("recipient"), "text_pattern_ops"), "id", name="message_by_recipient"),
            models.Index(
                fields=["account", "status", "id"],
                condition=~models.Q(status="delivered"),
                name="message_by_status",
            ),
            models.Index(
                fields=["account", "provider", "id"],
                condition=models.Q(provider__isnull=False),
                name="message_by_provider",
            ),
            models.Index(
                fields=["account", "category", "id"],
                condition=models.Q(category__isnull=False),
                name="message_by_category",
            ),
            models.Index(fields=["account", "domain", "id"], name="message_by_domain"),
            models.Index(
                fields=["account", "id"], condition=models.Q(opted_out_at__isnull=False), name="message_by_opt_out"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} ({self.status})"

    @property
    def sent_at(self) -> datetime:
        """When it was accepted, which its id carries."""
        return time_of(self.id)

    @property
    def leaves_since(self) -> datetime:
        """From when on it is to leave: what its delivery is measured by."""
        return max(self.sent_at, self.send_at) if self.send_at else self.sent_at
