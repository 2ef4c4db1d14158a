"""A mailbox for test mail: what is sent to it stays here, and is neither delivered nor counted."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Sandbox(models.Model):
    """Its id is the contract's `sandbox_id`. Written by `sending.capture.sandboxes`."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="sandboxes")
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["Sandbox"]] = models.Manager()

    class Meta:
        verbose_name = _("sandbox")
        verbose_name_plural = _("sandboxes")

    def __str__(self) -> str:
        return self.name
