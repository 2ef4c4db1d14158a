"""The development mailbox: what the local mx received instead of the world."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from sending.models.content import unpack
from sending.models.identifiers import new_id


class CapturedMail(models.Model):
    """One mail as it arrived over SMTP. Written by `sending.capture` on the development route."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    received_at = models.DateTimeField(default=timezone.now)
    mail_from = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320)
    helo = models.CharField(max_length=255, blank=True)
    tls = models.CharField(max_length=100, null=True)
    subject = models.TextField(blank=True)
    from_header = models.TextField(blank=True)
    data = models.BinaryField()
    """A zstandard frame of the message as received."""

    objects: ClassVar[models.Manager["CapturedMail"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["recipient", "-id"], name="captured_by_recipient")]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject}"

    @property
    def message(self) -> bytes:
        """The RFC 5322 message as received."""
        return unpack(bytes(self.data))
