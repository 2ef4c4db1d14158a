"""What an account has chosen for one of its streams. No row: the defaults."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.submission import Stream


class OnUncertain(models.TextChoices):
    """What becomes of a message whose final dot was sent and whose answer was lost (RFC 1047)."""

    SEND_AGAIN = "send_again", _("Send it again")
    ASK = "ask", _("Ask me")


class StreamSetting(models.Model):
    """One row an account and stream."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="stream_settings")
    stream = models.CharField(_("stream"), max_length=16, choices=Stream)
    on_uncertain = models.CharField(
        _("when it is uncertain whether a message arrived"),
        max_length=16,
        choices=OnUncertain,
        default=OnUncertain.SEND_AGAIN,
    )
    body_days = models.PositiveSmallIntegerField(_("days that bodies are kept"), null=True, blank=True)
    """From acceptance, or the chosen time, on; no more than the plan's days of log. 0: until no recipient waits any
    more. Null: as long as the log."""
    keeps_subject = models.BooleanField(_("keeps subjects"), default=True)
    """Where not, subjects go together with the body, which is kept 0 days."""
    hides_links = models.BooleanField(_("hides links with tokens from those who only look"), default=False)

    objects: ClassVar[models.Manager["StreamSetting"]] = models.Manager()

    class Meta:
        verbose_name = _("stream setting")
        verbose_name_plural = _("stream settings")
        constraints = [
            models.UniqueConstraint(fields=["account", "stream"], name="one_setting_a_stream"),
            models.CheckConstraint(
                condition=models.Q(keeps_subject=True) | models.Q(body_days=0), name="no_body_without_its_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.stream}"
