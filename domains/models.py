"""Sending domains, their DKIM keys, the DNS records they need, and the demo zone of the embedded name server."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailtrap_site.sealed import SealedTextField


@dataclass(frozen=True, slots=True)
class SendPermission:
    """Whether a domain may send now; `code` names the reason when not."""

    allowed: bool
    code: str = ""


class SendingDomain(models.Model):
    """One exact name: `example.test` says nothing about `mail.example.test`, nor about its parent."""

    class Compliance(models.TextChoices):
        """The contract's ten statuses."""

        DEMO = "demo", _("Demo")
        DEMO_EXHAUSTED = "demo_exhausted", _("Demo used up")
        UNVERIFIED_DNS = "unverified_dns", _("DNS not verified")
        MISSING_COMPANY_INFO = "missing_company_info", _("Sender information missing")
        UNDER_REVIEW = "under_review", _("Under review")
        AWAITING_QUESTIONNAIRE = "awaiting_questionnaire", _("Waiting for your answers")
        AWAITING_CARD_VERIFICATION = "awaiting_card_verification", _("Waiting for a card check")
        NON_COMPLIANT = "non_compliant", _("Not compliant")
        COMPLIANT = "compliant", _("Verified")
        SUSPENDED = "suspended", _("Suspended")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(_("name"), max_length=253)
    """Lower-case A-labels, as it stands in DNS."""
    verification_label = models.CharField(max_length=63, editable=False)
    compliance_status = models.CharField(
        _("status"), max_length=32, choices=Compliance, default=Compliance.UNVERIFIED_DNS
    )
    dns_verified_at = models.DateTimeField(_("DNS verified"), null=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, editable=False)
    next_check_at = models.DateTimeField(_("next check"), default=timezone.now, editable=False)
    open_tracking_enabled = models.BooleanField(default=True)
    click_tracking_enabled = models.BooleanField(default=False)
    tracking_opt_out_enabled = models.BooleanField(default=False)
    auto_unsubscribe_link_enabled = models.BooleanField(default=False)
    auto_bcc = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    """Addresses that get a copy of each email of this domain. Written by `domains.auto_bcc`, as is the line below."""
    auto_bcc_header = models.CharField(max_length=200, blank=True)
    """A header line without its end, such as "X-Copy: yes", which the copies alone carry; empty for none."""
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    """A deleted domain keeps its log rows readable; its name can be added again."""

    objects: ClassVar[models.Manager["SendingDomain"]] = models.Manager()

    class Meta:
        verbose_name = _("sending domain")
        verbose_name_plural = _("sending domains")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=models.Q(deleted_at=None), name="a_name_once_an_account"
            )
        ]
        indexes = [models.Index(fields=["next_check_at"], condition=models.Q(deleted_at=None), name="domain_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def return_path_domain(self) -> str:
        """Where bounces of its mail go: a CNAME to the platform, so that SPF passes and aligns."""
        return f"{self.verification_label}.{self.name}"

    def may_send(self) -> SendPermission:
        """Whether mail from this domain is accepted now."""
        return send_permission(self.compliance_status, self.dns_verified_at, self.deleted_at)


def send_permission(
    compliance_status: str, dns_verified_at: datetime | None, deleted_at: datetime | None = None
) -> SendPermission:
    """`SendingDomain.may_send` from the bare columns: the sending path asks it for every mail."""
    if deleted_at is not None:
        return SendPermission(False, "domain_deleted")
    if compliance_status == SendingDomain.Compliance.SUSPENDED:
        return SendPermission(False, "domain_suspended")
    if dns_verified_at is None:
        return SendPermission(False, "domain_not_verified")
    if compliance_status != SendingDomain.Compliance.COMPLIANT:
        return SendPermission(False, "domain_not_compliant")
    return SendPermission(True)


class DkimKey(models.Model):
    """One signing key of a domain. Two selectors stand, so that the operator can rotate."""

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="dkim_keys")
    selector = models.CharField(max_length=63)
    key_id = models.CharField(max_length=63, unique=True)
    """Names the key in the platform's zone: `<selector>.<key_id>.dkim.<platform>`."""
    private_key = SealedTextField()
    public_key = models.TextField()
    """Base64 of the SubjectPublicKeyInfo, as `p=` carries it."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["DkimKey"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="a_selector_once_a_domain")]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


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
    """`verification`, `dkim1`, `dkim2`, `dmarc` or `link_verification`."""
    type = models.CharField(max_length=8)
    name = models.CharField(max_length=253)
    """Relative to the domain."""
    value = models.TextField()
    required = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.UNCHECKED)
    observed = models.JSONField(default=list)
    """The values that DNS gave, as text."""
    advice = models.CharField(max_length=64, blank=True)
    """Code of the advice in `domains.diagnosis`."""
    checked_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["DnsRecord"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "key"], name="a_record_once_a_domain")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.type} {self.fqdn}"

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.domain.name}" if self.name else self.domain.name


class ZoneRecord(models.Model):
    """A record of the demo zone, which the embedded name server answers."""

    name = models.CharField(max_length=253)
    """Fully qualified, lower case, without the last dot."""
    type = models.CharField(max_length=8)
    value = models.TextField()
    ttl = models.PositiveIntegerField(default=60)

    objects: ClassVar[models.Manager["ZoneRecord"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "type", "value"], name="a_zone_record_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} {self.type} {self.value}"
