"""API tokens: bearer of the HTTP API and password of SMTP."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApiToken(models.Model):
    """32 hexadecimal digits, shown once; only their SHA-256 is stored (128 random bits need no slow hash)."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    first_digits = models.CharField(max_length=4, editable=False)
    last_digits = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    """`[{"resource_type": "account"|"domain"|"sandbox"|"organization", "resource_id": 1, "access_level": 10|100}]`, the
    contract's resources."""
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    """Null means never; a reset gives the old token its last 12 hours."""
    emails_per_month = models.PositiveBigIntegerField(_("emails a month"), null=True, blank=True)
    """The most recipients in one period of the account's meter; null means no limit of its own."""
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, editable=False)
    sends_only = models.BooleanField(_("sends only"), default=False, db_default=False)
    """Whether it opens nothing but the ways in which mail is sent."""
    networks = models.JSONField(_("networks"), default=list, blank=True)
    """The networks (CIDR) from which it is taken, such as `["192.0.2.0/24"]`; empty for anywhere."""
    told_days = models.PositiveSmallIntegerField(null=True, editable=False)
    """The last warning of its end that was given, in days before it; null before the first. Written by
    `accounts.token_warnings` alone, and by `accounts.tokens` for warnings that a short life leaves out."""

    objects: ClassVar[models.Manager["ApiToken"]] = models.Manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        indexes = [
            models.Index(fields=["account", "id"], name="token_by_account"),
            models.Index(fields=["first_digits"], name="token_by_first_digits"),
            models.Index(fields=["last_digits"], name="token_by_last_digits"),
            models.Index(fields=["expires_at"], name="token_by_end", condition=models.Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()
