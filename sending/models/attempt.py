"""One SMTP conversation about one message: the evidence."""

from typing import ClassVar

from django.db import models

from sending.models.foreign import reference
from sending.models.identifiers import new_id


class Attempt(models.Model):
    """Who was asked, what was said, how long it took, and the hash of what was sent."""

    class Outcome(models.TextChoices):
        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        UNCERTAIN = "uncertain"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = reference("sending.Message")
    account = reference("accounts.Account")
    number = models.PositiveSmallIntegerField()
    """1 for the first."""
    outcome = models.CharField(max_length=16, choices=Outcome)
    phase = models.CharField(max_length=16)
    """Where the answer was given: dns, connect, greeting, ehlo, starttls, auth, mail, rcpt, data, final dot."""
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    mx_host = models.CharField(max_length=253, null=True)
    mx_ip = models.GenericIPAddressField(null=True)
    mx_preference = models.PositiveIntegerField(null=True)
    source_ip = models.GenericIPAddressField(null=True)
    tls = models.CharField(max_length=200, null=True)
    """Such as `TLSv1.3 TLS_AES_256_GCM_SHA384, certificate not checked`; null means plain."""
    reply_code = models.PositiveSmallIntegerField(null=True)
    enhanced_code = models.CharField(max_length=16, null=True)
    reply_text = models.TextField(null=True)
    conversation = models.JSONField(default=list)
    """`[["S"|"C", line], …]`: what they said and what we said, secrets masked."""
    timing = models.JSONField(default=dict)
    """Milliseconds: `connect`, `tls`, `answer`."""
    content_sha256 = models.BinaryField(max_length=32, null=True)
    """Of the bytes sent, before dot-stuffing."""

    objects: ClassVar[models.Manager["Attempt"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["message"], name="attempt_by_message")]

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number} {self.outcome}"
