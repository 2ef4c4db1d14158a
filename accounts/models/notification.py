"""What the service tells a person about an account, in the dashboard and by mail."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notification(models.Model):
    """One piece of news for one user. Written by `accounts.notices` alone; read and put away by `accounts.inbox`."""

    class Level(models.TextChoices):
        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, null=True, related_name="notifications")
    """Null for news about the person themselves, such as a new password."""
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=64)
    """`noun.verb`, such as `domain.verified`; `accounts.notice_kinds` lists them."""
    level = models.CharField(max_length=16, choices=Level, default=Level.INFO)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    path = models.CharField(max_length=200, blank=True)
    """Where in the dashboard the news can be acted upon."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Notification"]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_by_user"),
            models.Index(
                fields=["user"],
                condition=models.Q(read_at=None, archived_at=None),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.title
