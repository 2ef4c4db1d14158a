"""What receivers report about a domain: DMARC aggregates (RFC 7489 section 7.2) and TLS reports (RFC 8460)."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models.domain import SendingDomain


class DmarcReport(models.Model):
    """One receiver's report about one period. The same report may arrive twice and counts once."""

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="dmarc_reports")
    organization = models.CharField(max_length=253)
    report_id = models.CharField(max_length=253)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    policy = models.JSONField(default=dict)
    """The published policy as the receiver read it: `{"p": …, "sp": …, "pct": …, "adkim": …, "aspf": …}`."""
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["DmarcReport"]] = models.Manager()

    class Meta:
        verbose_name = _("DMARC report")
        verbose_name_plural = _("DMARC reports")
        constraints = [
            models.UniqueConstraint(fields=["domain", "organization", "report_id"], name="a_dmarc_report_once")
        ]
        indexes = [models.Index(fields=["domain", "-begins_at"], name="dmarc_by_domain")]

    def __str__(self) -> str:
        return f"{self.organization} {self.report_id}"


class DmarcSource(models.Model):
    """Mail of one address in a report, with what the receiver made of it."""

    report = models.ForeignKey(DmarcReport, on_delete=models.CASCADE, related_name="sources")
    address = models.GenericIPAddressField()
    emails = models.PositiveBigIntegerField()
    disposition = models.CharField(max_length=16)
    dkim_aligned = models.BooleanField()
    spf_aligned = models.BooleanField()
    header_from = models.CharField(max_length=253)
    details = models.JSONField(default=dict)
    """`{"dkim": [{"domain", "selector", "result"}], "spf": [{"domain", "result"}],
    "reasons": [{"type", "comment"}]}`."""

    objects: ClassVar[models.Manager["DmarcSource"]] = models.Manager()

    class Meta:
        verbose_name = _("source in DMARC reports")
        verbose_name_plural = _("sources in DMARC reports")

    def __str__(self) -> str:
        return f"{self.emails} from {self.address}"


class TlsReport(models.Model):
    """One sender's report about TLS towards the domain's own exchangers. It may arrive twice and counts once."""

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="tls_reports")
    organization = models.CharField(max_length=253)
    report_id = models.CharField(max_length=253)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    policy_type = models.CharField(max_length=16)
    """`sts`, `tlsa` or `no-policy-found`."""
    successes = models.PositiveBigIntegerField()
    failures = models.PositiveBigIntegerField()
    details = models.JSONField(default=list)
    """`[{"result_type", "mx", "sending_ip", "emails"}]`."""
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["TlsReport"]] = models.Manager()

    class Meta:
        verbose_name = _("TLS report")
        verbose_name_plural = _("TLS reports")
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "organization", "report_id", "policy_type"], name="a_tls_report_once"
            )
        ]
        indexes = [models.Index(fields=["domain", "-begins_at"], name="tls_by_domain")]

    def __str__(self) -> str:
        return f"{self.organization} {self.report_id}"
