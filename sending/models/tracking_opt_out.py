"""Recipients who do not want to be tracked in the mail of a domain."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.identifiers import new_id


class TrackingOptOut(models.Model):
    """One address that gets no pixel and no rewritten links of one domain. Written by `sending.tracking` alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    domain = models.ForeignKey("domains.SendingDomain", on_delete=models.CASCADE, related_name="+")
    email = models.CharField(_("address"), max_length=320)
    """As `suppressions.same_address` writes it."""
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    message = reference("sending.Message", null=True)
    """The one whose link was followed; null for what people added."""

    objects: ClassVar[models.Manager["TrackingOptOut"]] = models.Manager()

    class Meta:
        verbose_name = _("tracking opt-out")
        verbose_name_plural = _("tracking opt-outs")
        constraints = [models.UniqueConstraint(fields=["account", "email", "domain"], name="one_opt_out_a_domain")]
        indexes = [models.Index(fields=["account", "id"], name="opt_out_by_account")]

    def __str__(self) -> str:
        return f"{self.email} of {self.domain_id}"
