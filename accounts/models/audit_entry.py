"""Who did what to what: the append-only audit log."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One act. Written by `accounts.audit.record` alone; a trigger of the database refuses to change or delete it, but
    for `accounts.audit.erasing`."""

    class Means(models.TextChoices):
        """By what the actor was let in."""

        SESSION = "session", _("Session")
        API_TOKEN = "api_token", _("API token")
        SERVICE = "service", _("Service")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, null=True, related_name="audit_entries")
    actor = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("actor"), max_length=254, blank=True)
    """Stays readable after the user is gone; "system" for acts of the service."""
    by_staff = models.BooleanField(_("by staff"), default=False)
    action = models.CharField(_("action"), max_length=64)
    """`noun.verb`, such as `api_token.created`."""
    target_type = models.CharField(_("kind of target"), max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(_("target"), max_length=254, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    """`{field: {"from": …, "to": …}}`."""
    ip = models.GenericIPAddressField(null=True)
    means = models.CharField(_("by"), max_length=16, choices=Means, default=Means.SERVICE, db_default=Means.SERVICE)
    means_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    """The token's id, or the first digits of the SHA-256 of the session's key; the key itself would let others in."""
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["AuditEntry"]] = models.Manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["account", "-id"], name="audit_by_account")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}".strip()
