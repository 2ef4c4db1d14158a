"""What people decide about queued mail: pauses that last, and orders that are carried out once, in steps."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.submission import Stream


class Scoped(models.Model):
    """Which mail it is about: a column that is null covers everything. At least one is set."""

    account = reference("accounts.Account", null=True)
    domain = reference("domains.SendingDomain", null=True)
    stream = models.CharField(_("stream"), max_length=16, choices=Stream, null=True)
    destination = models.CharField(_("destination"), max_length=253, null=True)
    """A recipient domain, as A-labels in lower case."""
    # Shown to the accounts whose mail waits.
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    set_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        abstract = True


class QueuePause(Scoped):
    """What may not leave now. The row is the pause: deleting it ends it, and what it held is set free."""

    objects: ClassVar[models.Manager["QueuePause"]] = models.Manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")

    def __str__(self) -> str:
        return f"pause {self.pk}"


class QueueOrder(Scoped):
    """Something to be done once to all mail in a scope. A task works it off from `position`; the row is the truth."""

    class Verb(models.TextChoices):
        """What is done; see `sending.queue.control`."""

        HOLD = "hold", _("Hold")
        RELEASE = "release", _("Release")
        CANCEL = "cancel", _("Cancel")
        REQUEUE = "requeue", _("Send now")

    verb = models.CharField(max_length=16, choices=Verb)
    position = models.UUIDField(null=True)
    """Entries up to this message id have been looked at."""
    until = models.UUIDField()
    """Mail that was accepted after the order is not meant by it."""
    handled = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["QueueOrder"]] = models.Manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["set_at"], condition=models.Q(finished_at__isnull=True), name="queue_order_open")
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.pk}"
