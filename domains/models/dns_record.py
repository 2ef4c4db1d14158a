"""The DNS records that a domain needs, and what DNS answered last."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from domains.models.domain import SendingDomain


class DnsRecord(models.Model):
    """A record that a domain needs, and what DNS answered last. Written by `domains.verification`."""

    class Status(models.TextChoices):
        """The contract's values; the page says Found, Not found yet, Different value, Could not check."""

        UNCHECKED = "unchecked", _("Not checked yet")
        PASS = "pass", _("Found")
        MISSING = "missing", _("Not found yet")
        FAIL = "fail", _("Different value")
        SOFTFAIL = "softfail", _("Different value")
        NETWORK_ERROR = "network_error", _("Could not check")

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="dns_records")
    key = models.CharField(max_length=32)
    """A value of `domains.records.RecordKey`."""
    type = models.CharField(max_length=8)
    name = models.CharField(max_length=253)
    """Relative to the domain."""
    value = models.TextField()
    required = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.UNCHECKED)
    observed = models.JSONField(default=list)
    """The values that DNS gave, as text."""
    seen = models.JSONField(default=list)
    """What each server answered: `[{"server": …, "kind": "authoritative" | "resolver", "outcome": …, "values": […],
    "ttl": seconds}]`."""
    advice = models.CharField(max_length=64, blank=True)
    """Code of the advice in `domains.diagnosis`."""
    checked_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["DnsRecord"]] = models.Manager()

    class Meta:
        verbose_name = _("DNS record")
        verbose_name_plural = _("DNS records")
        constraints = [models.UniqueConstraint(fields=["domain", "key"], name="a_record_once_a_domain")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.type} {self.fqdn}"

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain.name}" if self.name else self.domain.name
