"""The tenant: what owns domains, tokens, mail and a plan."""

from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """A tenant. Its id is the contract's `account_id`."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        """Its mail is accepted and held."""
        BANNED = "banned", _("Banned")
        """Its mail is refused, and what waits is rejected."""

    name = models.CharField(_("name"), max_length=150)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ACTIVE)
    suspension_reason = models.CharField(_("reason of the suspension or ban"), max_length=500, blank=True)
    is_platform = models.BooleanField(_("is the platform's own"), default=False)
    """The account that sends our own notices; it is not metered."""
    max_message_bytes = models.PositiveIntegerField(_("message size limit in bytes"), null=True, blank=True)
    """Null means the default of 10 MB."""
    two_factor_from = models.DateTimeField(_("second factor required from"), null=True, blank=True)
    """From then on members without a second factor are led to set one up; null means it is each one's own choice.
    Written by `accounts.two_factor` alone."""
    support_reads_until = models.DateTimeField(_("support reads content until"), null=True, blank=True)
    """Null or past: no member of staff reads bodies. Written by `accounts.content_pass` alone."""
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True, editable=False)
    """When it is deleted with all it holds; until then nothing is sent. Null: it stays. Written by `accounts.closing`
    alone, like the two below."""
    closing_asked_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    closing_told_at = models.DateTimeField(null=True, editable=False)
    """When the letter before the end was written."""
    organization = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="sub_accounts",
        verbose_name=_("organisation"),
    )
    """The account whose plan it shares; null for one with a plan of its own. That account has none itself. Written by
    `billing.organization` alone, like the cap."""
    monthly_cap = models.PositiveBigIntegerField(_("cap of emails a month"), null=True, blank=True, editable=False)
    """The most recipients that a sub-account uses of the shared emails in a period; null: what is left of them."""
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["Account"]] = models.Manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["is_platform"], condition=models.Q(is_platform=True), name="one_platform_account"
            ),
            models.CheckConstraint(
                condition=models.Q(organization=None)
                | ~models.Q(organization=models.F("id")) & models.Q(is_platform=False),
                name="organization_is_another_account",
            ),
            models.CheckConstraint(
                condition=models.Q(monthly_cap=None) | models.Q(organization__isnull=False),
                name="cap_of_a_sub_account",
            ),
        ]
        indexes = [
            models.Index(OpClass(Upper("name"), "text_pattern_ops"), name="account_by_name"),
            models.Index(fields=["closes_at"], condition=models.Q(closes_at__isnull=False), name="account_that_closes"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        return self.state == self.State.SUSPENDED

    @property
    def is_banned(self) -> bool:
        return self.state == self.State.BANNED

    @property
    def payer_id(self) -> int:
        """The account whose plan it is on: its organisation, or itself."""
        return self.organization_id or self.pk

    @property
    def is_closing(self) -> bool:
        return self.closes_at is not None

    @property
    def initials(self) -> str:
        """Two capitals for the account's mark."""
        words = self.name.split() or ["?"]
        return "".join(word[0] for word in words[:2]).upper()
