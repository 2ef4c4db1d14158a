"""How the members of an account sign in at their own identity provider (OpenID Connect Core 1.0, or SAML 2.0)."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Role
from mailtrap_site.sealed import SealedTextField

_BEFORE_ID = "account-"


def slug_of(account_id: int) -> str:
    """Known before anything is set up, since the provider asks for the address first."""
    return f"{_BEFORE_ID}{account_id}"


def account_id_of(slug: str) -> int | None:
    """The account that a slug names."""
    number = slug.removeprefix(_BEFORE_ID)
    return int(number) if slug != number and number.isascii() and number.isdecimal() and len(number) < 19 else None


class SingleSignOn(models.Model):
    """One identity provider of one account. Written by `accounts.single_sign_on` alone."""

    class Protocol(models.TextChoices):
        """What the provider speaks."""

        OPENID = "openid", _("OpenID Connect")
        SAML = "saml", _("SAML 2.0")

    account = models.OneToOneField("accounts.Account", on_delete=models.CASCADE, related_name="single_sign_on")
    protocol = models.CharField(_("protocol"), max_length=8, choices=Protocol, default=Protocol.OPENID)
    issuer = models.CharField(_("issuer"), max_length=1024)
    """What the provider calls itself: a URL; with SAML its entity ID, which may be any URI."""
    client_id = models.CharField(_("client ID"), max_length=255, blank=True)
    client_secret = SealedTextField(_("client secret"), blank=True)
    sso_url = models.URLField(_("sign-in address"), max_length=1024, blank=True)
    """With SAML: where a browser brings our question (HTTP-Redirect binding)."""
    certificates = ArrayField(models.TextField(), verbose_name=_("certificates"), default=list, blank=True)
    """With SAML: PEM; each may sign, so that the provider can change them."""
    email_domains = ArrayField(models.CharField(max_length=253), verbose_name=_("email domains"))
    """Lower case, in A-label form; people with other addresses are not let in."""
    first_role = models.CharField(
        _("role at the first sign-in"),
        max_length=16,
        choices=[(role.value, role.label) for role in Role if role is not Role.LIMITED],
        default=Role.VIEWER,
    )
    is_enforced = models.BooleanField(_("is the only way in"), default=False)
    """Members with these addresses cannot sign in otherwise; owners can, so that a broken provider locks nobody out."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["SingleSignOn"]] = models.Manager()

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def __str__(self) -> str:
        return self.issuer

    @property
    def slug(self) -> str:
        """Names it in the address that the provider sends people back to."""
        return slug_of(self.account_id)

    @property
    def login_path(self) -> str:
        """Leads to the provider."""
        names = {self.Protocol.OPENID: "openid_connect_login", self.Protocol.SAML: "single_sign_on:saml_login"}
        return reverse(names[self.Protocol(self.protocol)], args=[self.slug])

    @property
    def place(self) -> str:
        """Where people sign in, in words for them."""
        return self.issuer if self.protocol == self.Protocol.OPENID else urlsplit(self.sso_url).hostname or self.issuer
