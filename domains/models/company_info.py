"""Who stands behind an account: what compliance looks at, and what promotional footers may print."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CompanyInfo(models.Model):
    """Given once for all domains of an account; the names of its fields are the contract's."""

    class Level(models.TextChoices):
        BUSINESS = "business", _("Business")
        INDIVIDUAL = "individual", _("Individual")

    account = models.OneToOneField("accounts.Account", on_delete=models.CASCADE, related_name="company_info")
    info_level = models.CharField(_("sends as"), max_length=16, choices=Level, default=Level.BUSINESS)
    level_switched = models.BooleanField(default=False, editable=False)
    """Business and individual may be exchanged once."""
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=300)
    city = models.CharField(_("city"), max_length=120)
    country = models.CharField(_("country"), max_length=120)
    zip_code = models.CharField(_("postal code"), max_length=32)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    website_url = models.URLField(_("website"), max_length=300)
    privacy_policy_url = models.URLField(_("privacy policy"), max_length=300, blank=True)
    terms_of_service_url = models.URLField(_("terms of service"), max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["CompanyInfo"]] = models.Manager()

    class Meta:
        verbose_name = _("sender information")
        verbose_name_plural = _("sender information")

    def __str__(self) -> str:
        return self.name
