"""What customers ask of the staff."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SupportRequest(models.Model):
    """A wish of an account that staff grant or decline, or a question that they answer.

    Written by `billing.requests` alone."""

    class Kind(models.TextChoices):
        MESSAGE_SIZE = "message_size", _("Larger messages")
        PLAN = "plan", _("Another plan")
        MESSAGE = "message", _("A question about an email")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")
        ANSWERED = "answered", _("Answered")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="support_requests")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    plan_code = models.CharField(_("plan"), max_length=40, blank=True)
    """The plan asked for; its newest generation is what a grant gives."""
    message_bytes = models.PositiveIntegerField(_("message size in bytes"), null=True, blank=True)
    message_id = models.UUIDField(_("email"), null=True, blank=True)
    """The message that is asked about; its row may be gone before the answer."""
    reason = models.CharField(_("reason"), max_length=1000)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    """What staff wrote; the account's people read it."""
    answered_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects: ClassVar[models.Manager["SupportRequest"]] = models.Manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "message_id"],
                condition=models.Q(state="open"),
                nulls_distinct=False,
                name="one_open_request_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="request_open", condition=models.Q(state="open")),
            models.Index(fields=["account", "kind", "-id"], name="request_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.account_id})"

    @property
    def is_question(self) -> bool:
        """Whether there is nothing to grant: words are the answer."""
        return self.kind == self.Kind.MESSAGE

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
