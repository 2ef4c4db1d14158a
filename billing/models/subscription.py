"""What an account has agreed to."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Subscription(models.Model):
    """The plan of an account, and where it is paid. No row means Free since sign-up. Written by
    `billing.subscriptions` alone."""

    account = models.OneToOneField("accounts.Account", on_delete=models.CASCADE, related_name="subscription")
    plan_code = models.CharField(_("plan"), max_length=40)
    plan_generation = models.PositiveSmallIntegerField(_("generation"))
    """Of the plan's terms; it stays when a newer generation is offered to others."""
    anchor = models.DateTimeField(_("periods counted from"))
    next_plan_code = models.CharField(_("next plan"), max_length=40, blank=True)
    """A smaller plan, agreed for `changes_at`; empty without one."""
    next_plan_generation = models.PositiveSmallIntegerField(null=True, blank=True)
    changes_at = models.DateTimeField(_("changes"), null=True, blank=True)
    grace_until = models.DateTimeField(_("grace until"), null=True, blank=True)
    """A payment failed; without one by then the account goes to Free. Null while all is paid."""
    overage_cap = models.PositiveBigIntegerField(_("emails above the limit"), default=0)
    """That the account agreed to pay for in each period; zero is a hard stop at the plan's limit."""
    stripe_customer_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_subscription_id = models.CharField(max_length=255, blank=True)
    """Empty where staff assigned the plan, or none is paid."""
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Subscription"]] = models.Manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")

    def __str__(self) -> str:
        return self.plan_code
