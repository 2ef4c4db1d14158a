"""That somebody may join an account, until they do or the time is over."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Role


class Invitation(models.Model):
    """What its membership will be, for whoever has the address. Written by `accounts.invitations` alone; the row is
    gone once it was accepted or revoked."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("email address"))
    """In lower case."""
    role = models.CharField(_("role"), max_length=16, choices=Role)
    scopes = models.JSONField(_("domains"), default=list, blank=True)
    """As those of a membership."""
    sees_content = models.BooleanField(_("may read email content"), default=False)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))

    objects: ClassVar[models.Manager["Invitation"]] = models.Manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [models.UniqueConstraint(fields=["account", "email"], name="one_invitation_an_address")]

    def __str__(self) -> str:
        return self.email

    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def is_limited(self) -> bool:
        """Whether it is for some domains of the account only."""
        return self.role == Role.LIMITED
