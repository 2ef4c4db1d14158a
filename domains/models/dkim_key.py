"""The DKIM keys of a domain: which stand in DNS, and which of them signs."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models.domain import SendingDomain
from mailtrap_site.sealed import SealedTextField


class DkimKey(models.Model):
    """One key at one selector. It never changes: a rotation retires the row and puts another at the selector."""

    class Algorithm(models.TextChoices):
        """As `a=` names them."""

        RSA = "rsa-sha256", _("RSA, 2048 bits")
        ED25519 = "ed25519-sha256", _("Ed25519")

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="dkim_keys")
    selector = models.CharField(max_length=63)
    key_id = models.CharField(max_length=63)
    """Names the place in the platform's zone: `<selector>.<key_id>.dkim.<platform>`. Its successor stands there too."""
    algorithm = models.CharField(max_length=16, choices=Algorithm, default=Algorithm.RSA)
    private_key = SealedTextField()
    public_key = models.TextField()
    """Base64, as `p=` carries it."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    signs_since = models.DateTimeField(null=True, editable=False)
    """Of the keys of one algorithm, the one that began last signs; null: it only stands in DNS."""
    retired_at = models.DateTimeField(null=True, editable=False)
    """Replaced: in DNS no longer, and kept so that the source of old mail can be shown."""

    objects: ClassVar[models.Manager["DkimKey"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "selector"], condition=models.Q(retired_at=None), name="a_selector_once_a_domain"
            ),
            models.UniqueConstraint(fields=["key_id"], condition=models.Q(retired_at=None), name="a_key_at_a_place"),
        ]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"
