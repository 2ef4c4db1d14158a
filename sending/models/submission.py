"""What a client handed over once (RFC 6409)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.identifiers import new_id


class Stream(models.TextChoices):
    """The two streams; each has its own hosts, reputation and suppressions."""

    TRANSACTIONAL = "transactional", _("Transactional")
    BULK = "bulk", _("Bulk")


class Door(models.TextChoices):
    """Where a submission came in."""

    API = "api", _("API")
    SMTP = "smtp", _("SMTP")
    INTERNAL = "internal", _("the service itself")


class Submission(models.Model):
    """One hand-over: one content, one or more recipients. Its content lies in its own table with its own retention."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = reference("accounts.Account")
    domain = reference("domains.SendingDomain")
    token = reference("accounts.ApiToken", null=True)
    stream = models.CharField(max_length=16, choices=Stream)
    door = models.CharField(max_length=8, choices=Door)
    client_ip = models.GenericIPAddressField(null=True)
    mail_from = models.CharField(max_length=320)
    """The reverse-path that the client gave; the one on the wire carries our signed token."""
    from_header = models.TextField()
    subject = models.TextField()
    rfc_message_id = models.TextField()
    category = models.CharField(max_length=255, null=True)
    custom_variables = models.JSONField(default=dict)
    recipient_count = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    """Bytes of the composed message."""
    needs_8bit = models.BooleanField(default=False)
    needs_smtputf8 = models.BooleanField(default=False)
    content = reference("sending.Content")
    track_opens = models.BooleanField(null=True)
    """What the client wanted for this mail, here and below; null left it to the domain."""
    track_clicks = models.BooleanField(null=True)
    copy_header = models.TextField(null=True)
    """The header line that marked automatic copies when this was accepted, without its end; they alone carry it."""
    additions = models.TextField(null=True)
    """What of ours is put into it, settled at acceptance, as `protocol.additions` writes it; null is nothing."""

    objects: ClassVar[models.Manager["Submission"]] = models.Manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")

    def __str__(self) -> str:
        return str(self.id)
