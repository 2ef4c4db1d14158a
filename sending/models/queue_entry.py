"""A message that is not finished: the queue itself. Small and unpartitioned, so that the log never slows a claim."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.submission import Stream


class QueueEntry(models.Model):
    """Written at acceptance, deleted at the final state. A claim writes the lease columns only."""

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

    objects: ClassVar[models.Manager["QueueEntry"]] = models.Manager()

    class Meta:
        verbose_name = _("queue entry")
        verbose_name_plural = _("queue")
        indexes = [models.Index(fields=["stream", "due_at"], name="queue_due")]

    def __str__(self) -> str:
        return str(self.message_id)
