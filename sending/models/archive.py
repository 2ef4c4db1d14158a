"""Files of everything that is kept about an account, or about one recipient."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Archive(models.Model):
    """A file that is being written, or waits to be fetched. `sending.privacy` alone writes it."""

    class State(models.TextChoices):
        """Where it is. The file is there while it is ready."""

        WRITTEN = "written", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Deleted")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="archives")
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WRITTEN)
    part = models.PositiveSmallIntegerField(default=0)
    """How many parts are whole."""
    cursor = models.UUIDField(null=True)
    """Of the email log: rows from this id on are written, down to `octets` of its file."""
    rows = models.PositiveBigIntegerField(default=0)
    octets = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    """Of the whole file, in octets."""
    file = models.CharField(max_length=100)
    """The name of its folder while it is written, and of the file without `.zip`."""
    failures = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Archive"]] = models.Manager()

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        indexes = [
            models.Index(fields=["account", "-id"], name="archive_by_account"),
            models.Index(fields=["due_at"], condition=models.Q(state="written"), name="archive_open"),
        ]

    def __str__(self) -> str:
        return self.file
