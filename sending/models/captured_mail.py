"""Mail that was kept instead of delivered: of a sandbox, or of the development route."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from sending.models.content import unpack
from sending.models.identifiers import new_id
from sending.models.sandbox import Sandbox
from sending.models.submission import Door, Stream


class CapturedMail(models.Model):
    """One mail as it arrived. Written by `sending.capture`.

    A sandbox holds a row for each mail, the development route's mailbox (no sandbox) one for each recipient.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, null=True, db_index=False, related_name="mails")
    received_at = models.DateTimeField(default=timezone.now)
    mail_from = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320)
    """The only recipient, or the first of `recipients`."""
    recipients = models.JSONField(default=list)
    """`[kind, address]` of each, in the order to, cc, bcc; empty on the development route."""
    helo = models.CharField(max_length=255, blank=True)
    tls = models.CharField(max_length=100, null=True)
    subject = models.TextField(blank=True)
    from_header = models.TextField(blank=True)
    door = models.CharField(max_length=16, choices=Door, null=True)
    stream = models.CharField(max_length=16, choices=Stream, null=True)
    category = models.CharField(max_length=255, null=True)
    custom_variables = models.JSONField(default=dict)
    is_read = models.BooleanField(default=False)
    size = models.PositiveIntegerField()
    """Octets of the message."""
    data = models.BinaryField()
    """A zstandard frame of the message as received."""

    objects: ClassVar[models.Manager["CapturedMail"]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["sandbox", "-id"], name="captured_by_sandbox"),
            models.Index(fields=["-id"], name="captured_on_development", condition=models.Q(sandbox=None)),
            models.Index(fields=["recipient", "-id"], name="captured_by_recipient", condition=models.Q(sandbox=None)),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject}"

    @property
    def message(self) -> bytes:
        """The RFC 5322 message as received."""
        return unpack(bytes(self.data))
