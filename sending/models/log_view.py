"""What people keep of the email log: named filters, and files of what a filter found."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A filter of the log under a name, for everybody in the account."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(_("filters"))
    """The query string of the page that shows it, without its question mark."""
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["SavedView"]] = models.Manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_saved_view_a_name")]

    def __str__(self) -> str:
        return self.name


class LogExport(models.Model):
    """A file of log rows that is being written, or waits to be fetched. Written by `sending.log.exports` and the job
    in `sending.log.export_job`."""

    class Format(models.TextChoices):
        """What the file is, once it is unpacked."""

        CSV = "csv", _("CSV, for spreadsheets")
        NDJSON = "ndjson", _("NDJSON, one JSON object a line")

    class State(models.TextChoices):
        """Where it is. The file is there while it is ready."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Deleted")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="log_exports")
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.CASCADE, related_name="+")
    """Who asked for it; null where an API token did."""
    format = models.CharField(_("format"), max_length=8, choices=Format)
    filters = models.TextField(_("filters"))
    """As the page's address held them, for people."""
    query = models.JSONField()
    """What they ask, as `sending.log.query` writes it."""
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    cursor = models.UUIDField(null=True)
    """Rows from this id on are written, down to `size` octets of the file; null before the first."""
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    size = models.PositiveBigIntegerField(default=0)
    file = models.CharField(max_length=100)
    """Its name in the folder of exports."""
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.UUIDField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[models.Manager["LogExport"]] = models.Manager()

    class Meta:
        verbose_name = _("log export")
        verbose_name_plural = _("log exports")
        indexes = [models.Index(fields=["account", "-id"], name="export_by_account")]

    def __str__(self) -> str:
        return self.file
