"""Mail to abuse@ and postmaster@ of the platform, which staff read. Written by `sending.bounces.own_mail` alone."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IncomingReport(models.Model):
    """What somebody wrote to us: its envelope, its subject and the beginning of its text."""

    mailbox = models.CharField(_("mailbox"), max_length=64)
    """"abuse" or "postmaster"."""
    reverse_path = models.CharField(_("from"), max_length=320, blank=True)
    """Of the envelope, as it was claimed; empty for a bounce."""
    client_ip = models.GenericIPAddressField(_("address"))
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects: ClassVar[models.Manager["IncomingReport"]] = models.Manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes = [
            models.Index(fields=["received_at"], condition=models.Q(done_at=None), name="report_open"),
            models.Index(fields=["done_at"], condition=models.Q(done_at__isnull=False), name="report_done"),
        ]

    def __str__(self) -> str:
        return self.subject or self.mailbox
