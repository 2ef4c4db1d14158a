"""That a member of staff looks into an account as its viewers see it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SupportVisit(models.Model):
    """From `started_at` to `ended_at`, or to `ends_at` at the latest. Written by `accounts.support_visits` alone; its
    beginning and its end stand in the audit log of the account."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="support_visits")
    staff = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    started_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    ends_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[models.Manager["SupportVisit"]] = models.Manager()

    class Meta:
        verbose_name = _("support visit")
        verbose_name_plural = _("support visits")
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=models.Q(ended_at=None), name="one_open_visit_a_member_of_staff"
            )
        ]
        indexes = [models.Index(fields=["ends_at"], condition=models.Q(ended_at=None), name="visit_open")]

    def __str__(self) -> str:
        return f"{self.staff} in {self.account}"
