"""A file of addresses that is being put on the suppression list, and what became of its lines."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.suppression import Suppression


class SuppressionImport(models.Model):
    """Worked off in batches from `position`; the row is the truth. `sending.suppressions.importing` alone writes it."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    file_name = models.CharField(_("file"), max_length=255)
    domain = reference("domains.SendingDomain", null=True)
    """Of entries whose line names none; null: all domains of the account."""
    stream = models.CharField(_("stream"), max_length=16, choices=Suppression.Scope)
    type = models.CharField(_("reason"), max_length=16, choices=Suppression.Type)
    """Both as well of lines that name none."""
    content = models.BinaryField(null=True)
    """The file, packed as contents are; null once it is worked off."""
    entries = models.PositiveIntegerField(default=0)
    """Records of the file, its heads left out."""
    position = models.PositiveIntegerField(default=0)
    """Of these, how many were looked at."""
    added = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    """Stood on the list before, or twice in the file."""
    bad = models.PositiveIntegerField(default=0)
    bad_lines = models.JSONField(default=list)
    """`[number of the line, what stands there, code, its value]` of the first thousand; see `import_lines`."""
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["SuppressionImport"]] = models.Manager()

    class Meta:
        verbose_name = _("suppression import")
        verbose_name_plural = _("suppression imports")
        indexes = [
            models.Index(fields=["account", "-id"], name="import_by_account"),
            models.Index(fields=["touched_at"], condition=models.Q(finished_at=None), name="import_open"),
        ]

    def __str__(self) -> str:
        return self.file_name
