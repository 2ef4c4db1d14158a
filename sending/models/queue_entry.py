"""A message that is not finished: the queue itself. Small and unpartitioned, so that the log never slows a claim."""

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.submission import Stream

PARKED = datetime(9999, 1, 1, tzinfo=UTC)
"""`due_at` of what is held: behind all that is due, and unlike infinity a moment that Python knows."""


class Hold(models.TextChoices):
    """Why an entry is parked, which also says who may set it free."""

    STANDING = "standing", _("Its account or domain may not send")
    PAUSED = "paused", _("A pause covers it")
    BY_HAND = "by_hand", _("Somebody holds it")
    UNCERTAIN = "uncertain", _("Somebody has to decide whether it is sent again")


class QueueEntry(models.Model):
    """Written at acceptance, deleted at the final state. A claim writes the lease columns only.

    No lease column is in an index, and pages are filled by half: the versions that claims and marks make stay in
    their page (HOT). Each stream has its own index, in which the entries of one account lie together.
    """

    message = models.OneToOneField(
        "sending.Message", primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    submission = reference("sending.Submission")
    account = reference("accounts.Account")
    domain = reference("domains.SendingDomain")
    stream = models.CharField(max_length=16, choices=Stream)
    destination = models.CharField(max_length=253)
    """The recipient's domain, as A-labels in lower case."""
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    """The token of the drain that holds it; results are written only by the holder."""
    lease_until = models.DateTimeField(null=True)
    uncertain_since = models.DateTimeField(null=True)
    """Set before the final dot is sent and cleared by the result: what stays set was cut off in between."""
    hold = models.CharField(max_length=16, choices=Hold, null=True)
    """Set exactly while `due_at` is PARKED."""
    pause_id = models.BigIntegerField(null=True)
    """Of what is held: the pause that holds it, or 0. What was held by a pause that is gone is set free."""
    send_at = models.DateTimeField(null=True)
    """Of what is scheduled: the time that was chosen, kept while it is held, gone after its first attempt."""

    objects: ClassVar[models.Manager["QueueEntry"]] = models.Manager()

    class Meta:
        verbose_name = _("queue entry")
        verbose_name_plural = _("queue")
        indexes = [
            models.Index(
                fields=["account", "due_at"],
                condition=models.Q(stream=Stream.TRANSACTIONAL.value),
                name="queue_due_transactional",
            ),
            models.Index(
                fields=["account", "due_at"], condition=models.Q(stream=Stream.BULK.value), name="queue_due_bulk"
            ),
            models.Index(
                fields=["hold", "account", "domain", "pause_id"],
                condition=models.Q(hold__isnull=False),
                name="queue_held",
            ),
            models.Index(
                fields=["domain", "send_at", "submission"],
                condition=models.Q(send_at__isnull=False),
                name="queue_scheduled",
            ),
            models.Index(
                fields=["submission"], condition=models.Q(send_at__isnull=False), name="queue_scheduled_together"
            ),
        ]

    def __str__(self) -> str:
        return str(self.message_id)
