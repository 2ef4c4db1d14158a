"""What a user may do in an account."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """`accounts.roles` maps them to abilities."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    VIEWER = "viewer", _("Viewer")
    BILLING = "billing", _("Billing")
    LIMITED = "limited", _("Some domains")
    """Has no right in the account as a whole, and those of an admin or viewer on each domain that is named."""


class Membership(models.Model):
    """A user in an account, with a role."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    scopes = models.JSONField(_("domains"), default=list, blank=True)
    """`[{"resource_type": "domain", "resource_id": 1, "access_level": 10|100}]` for the role LIMITED, else empty."""
    sees_content = models.BooleanField(_("may read email content"), default=False, db_default=False)
    """Whether a viewer, of the account or of a domain, may read bodies and sources; admins and owners always may."""
    stopped_letters = ArrayField(
        models.CharField(max_length=64), verbose_name=_("stopped letters"), default=list, blank=True
    )
    """The kinds of news of which this member wants no letters; the dashboard tells them in any case. Written by
    `accounts.letter_choice` alone."""
    created_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["Membership"]] = models.Manager()

    here: int | None = None
    """The id of the domain that the page in hand is about, where it is about one; set by `accounts.tenancy`."""

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def is_limited(self) -> bool:
        """Whether it reaches some domains of the account only."""
        return self.role == Role.LIMITED
