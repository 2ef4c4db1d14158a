"""A sending domain: one exact name that mail may come from, and whether it may right now."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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

    class KeyMode(models.TextChoices):
        """How the customer publishes the DKIM keys."""

        DELEGATED = "delegated", _("CNAME records; we hold the keys and replace them")
        DIRECT = "direct", _("TXT records; you publish each key yourself")

    class RecipientIps(models.TextChoices):
        """What is kept of the addresses from which its readers open, click and unsubscribe."""

        FULL = "full", _("The whole address")
        TRUNCATED = "truncated", _("The network alone (/24, of IPv6 /48)")
        NONE = "none", _("Nothing")

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
    open_tracking_enabled = models.BooleanField(_("open tracking"), default=True)
    click_tracking_enabled = models.BooleanField(_("click tracking"), default=False)
    tracking_opt_out_enabled = models.BooleanField(_("link to stop the tracking"), default=False)
    auto_unsubscribe_link_enabled = models.BooleanField(_("unsubscribe link of ours"), default=False)
    auto_bcc = ArrayField(
        models.CharField(max_length=320), verbose_name=_("automatic copies"), default=list, blank=True
    )
    """Addresses that get a copy of each email of this domain. Written by `domains.auto_bcc`, as is the line below."""
    auto_bcc_header = models.CharField(_("header of automatic copies"), max_length=200, blank=True)
    """A header line without its end, such as "X-Copy: yes", which the copies alone carry; empty for none."""
    custom_domain_tracking_enabled = models.BooleanField(_("links under its own name"), default=False)
    recipient_ips = models.CharField(
        _("readers' IP addresses"), max_length=16, choices=RecipientIps, default=RecipientIps.FULL
    )
    brand_name = models.CharField(_("name for readers"), max_length=80, blank=True)
    """On the pages on which readers unsubscribe; empty: the domain's own."""
    brand_colour = models.CharField(_("colour"), max_length=7, blank=True)
    """As `domains.brand.read_colour` writes it; empty: ours."""
    brand_url = models.CharField(_("link back"), max_length=200, blank=True)
    require_tls = models.BooleanField(_("TLS required"), default=False)
    """Mail that cannot be handed over by TLS waits and bounces rather than going in the clear."""
    suspended_streams = ArrayField(
        models.CharField(max_length=16), verbose_name=_("suspended streams"), default=list, blank=True
    )
    """Of "transactional" and "bulk"."""
    health_alerts_enabled = models.BooleanField(_("letters on its records"), default=True)
    critical_alerts_enabled = models.BooleanField(_("letters on its rates"), default=True)
    alert_recipient = models.EmailField(_("where alerts go"), blank=True)
    """Empty: the owners and admins of the account."""
    is_demo = models.BooleanField(default=False, editable=False)
    """The one domain of an account that needs no set-up and reaches its owner alone."""
    demo_emails_left = models.PositiveIntegerField(null=True, editable=False)
    key_mode = models.CharField(_("keys"), max_length=16, choices=KeyMode, default=KeyMode.DELEGATED)
    ed25519_enabled = models.BooleanField(_("Ed25519 as well"), default=False)
    """A second signature (RFC 8463) is made once its record stands."""
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    """When compliance let it send. Losing its records does not take this away; `domains.compliance` writes it."""
    suspended_at = models.DateTimeField(_("suspended"), null=True, editable=False)
    suspension_reason = models.TextField(_("reason of the suspension"), blank=True, editable=False)
    """For staff and customer alike. Written by `domains.compliance`, as is the line above."""
    records_gone_since = models.DateTimeField(null=True, editable=False)
    """Since when records of a verified domain do not stand; it is warned first. Written by `domains.verification`."""
    nameservers = ArrayField(models.CharField(max_length=253), default=list, blank=True, editable=False)
    """Of the zone that holds the domain, as the last check saw them."""
    dns_findings = models.JSONField(default=list, editable=False)
    """`[{"code": …, "params": {…}}]`: what the last check noticed beside the records."""
    first_email_at = models.DateTimeField(null=True, editable=False)
    """When its first email was accepted. Written from above, by `sending`."""
    created_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("added by")
    )
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)
    """A deleted domain keeps its log rows readable; its name can be added again."""

    objects: ClassVar[models.Manager["SendingDomain"]] = models.Manager()

    class Meta:
        verbose_name = _("sending domain")
        verbose_name_plural = _("sending domains")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=models.Q(deleted_at=None), name="a_name_once_an_account"
            ),
            # Deleted ones count: none is made again.
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(is_demo=True), name="one_demo_domain_an_account"
            ),
            models.UniqueConstraint(fields=["name"], condition=models.Q(is_demo=True), name="a_demo_name_once"),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], condition=models.Q(deleted_at=None), name="domain_due"),
            models.Index(fields=["name"], name="domain_by_name"),
            models.Index(
                fields=["name"], condition=models.Q(custom_domain_tracking_enabled=True), name="domain_with_own_links"
            ),
        ]

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
    if compliance_status == SendingDomain.Compliance.DEMO_EXHAUSTED:
        return SendPermission(False, "demo_exhausted")
    if compliance_status not in (SendingDomain.Compliance.COMPLIANT, SendingDomain.Compliance.DEMO):
        return SendPermission(False, "domain_not_compliant")
    return SendPermission(True)
