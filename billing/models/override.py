"""Exceptions from a plan's terms, as rows that say who granted them and why."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class QuotaOverride(models.Model):
    """One term of one account, other than its plan says. The newest in force counts; rows are added, never changed
    but for their end. Written by `billing.overrides` alone."""

    class Term(models.TextChoices):
        """The names are those of `billing.terms.Terms`."""

        EMAILS_PER_MONTH = "emails_per_month", _("Emails a month")
        EMAILS_PER_DAY = "emails_per_day", _("Emails a day")
        EMAILS_PER_HOUR = "emails_per_hour", _("Emails an hour")
        USERS = "users", _("Users")
        DOMAINS = "domains", _("Domains")
        LOG_DAYS = "log_days", _("Days of logs")
        SUB_ACCOUNTS = "sub_accounts", _("Sub-accounts")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="quota_overrides")
    term = models.CharField(_("term"), max_length=32, choices=Term)
    value = models.PositiveBigIntegerField(_("value"), null=True, blank=True)
    """Null stands for "no limit", where the term can be without one."""
    reason = models.CharField(_("reason"), max_length=500)
    author = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    rule = models.CharField(_("rule"), max_length=40, blank=True, default="", db_default="")
    """The step of `billing.newness` that wrote it; empty where somebody did."""
    starts_at = models.DateTimeField(_("starts"), default=timezone.now)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    """Null means until it is taken back."""

    objects: ClassVar[models.Manager["QuotaOverride"]] = models.Manager()

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        indexes = [models.Index(fields=["account", "term", "-id"], name="override_by_account")]

    def __str__(self) -> str:
        return f"{self.get_term_display()}: {'no limit' if self.value is None else f'{self.value:,}'}"
