"""Where customers want to hear of events, what is sent there, and what they answered.

Written by `sending.webhooks` alone. Of one endpoint at most one delivery is under way, and they leave in order.
"""

from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailtrap_site.sealed import SealedTextField
from sending.models.foreign import reference
from sending.models.identifiers import new_id
from sending.models.submission import Stream


class WebhookEndpoint(models.Model):
    """One address. While it is paused its events queue; nothing is dropped for `webhooks.KEPT`."""

    class Type(models.TextChoices):
        """The contract's words."""

        EMAIL_SENDING = "email_sending", _("Email events")
        AUDIT_LOG = "audit_log", _("Audit log")

    class Format(models.TextChoices):
        JSON = "json", _("JSON")
        JSON_LINES = "jsonlines", _("JSON Lines")

    class Pause(models.TextChoices):
        """Why it is paused."""

        BY_HAND = "by_hand", _("Paused by hand")
        FAILURES = "failures", _("Paused after too many failures")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="webhooks")
    url = SealedTextField()
    """May carry userinfo, so it is a secret; people see `shown_url`."""
    type = models.CharField(_("what it is told"), max_length=16, choices=Type)
    format = models.CharField(_("format"), max_length=16, choices=Format, default=Format.JSON)
    stream = models.CharField(_("stream"), max_length=16, choices=Stream, blank=True)
    """Empty exactly for the audit log, which has none."""
    domain = reference("domains.SendingDomain", null=True)
    """Null: all of the account's."""
    event_types = ArrayField(models.CharField(max_length=16), default=list)
    """The contract's subscription words, such as `spam_complaint`; empty for the audit log."""
    secret = SealedTextField()
    next_secret = SealedTextField(null=True)
    """Signs beside the other until `switches_at`, and then alone."""
    switches_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=16, choices=Pause, blank=True)
    due_at = models.DateTimeField(null=True)
    """When the first delivery that waits is tried (again); null where none waits."""
    failures = models.PositiveSmallIntegerField(default=0)
    """In a row, since the last answer that counted."""
    failing_since = models.DateTimeField(null=True)
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    """A sender's; once it has passed, another one may take over."""
    audit_position = models.BigIntegerField(default=0)
    """Of the audit log: the last entry that was queued."""

    objects: ClassVar[models.Manager["WebhookEndpoint"]] = models.Manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(paused_at=None, due_at__isnull=False), name="webhook_by_due"
            )
        ]

    def __str__(self) -> str:
        return self.shown_url

    @property
    def shown_url(self) -> str:
        """The URL without the password that it may carry."""
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        hidden = f"{user.partition(':')[0]}:•••@" if at else ""
        return parts._replace(netloc=hidden + host).geturl()

    @property
    def state(self) -> str:
        """`active`, `failing` or `paused`."""
        if self.paused_at is not None:
            return "paused"
        return "failing" if self.failures else "active"

    def secrets_at(self, now: datetime) -> tuple[str, str | None]:
        """The secret that signs, and the one that will."""
        if self.next_secret is None or self.switches_at is None:
            return self.secret, None
        return (self.secret, self.next_secret) if now < self.switches_at else (self.next_secret, None)


class WebhookDelivery(models.Model):
    """Events that travel in one request. Ids rise in the order in which they leave."""

    class Kind(models.TextChoices):
        LIVE = "live", _("As it happened")
        REPLAY = "replay", _("Sent again")
        TEST = "test", _("Test")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        """Of a test alone: whatever else fails is tried again."""
        SKIPPED = "skipped", _("Skipped")
        """Somebody decided that it need not be sent."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=new_id)
    """`webhook-id` of Standard Webhooks: the same in each try, and when it is sent again whole."""
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.LIVE)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    event_count = models.PositiveSmallIntegerField()
    names = ArrayField(models.CharField(max_length=64), default=list)
    """The kinds of events inside, as the payload names them."""
    first_number = models.BigIntegerField()
    last_number = models.BigIntegerField()
    """Of the feed, or ids of audit entries."""
    payload = models.BinaryField()
    """A zstandard frame of the events as JSON, one a line, rendered when they happened."""
    size = models.PositiveIntegerField()
    """Octets of the lines."""
    created_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    """That were begun. From the first on nothing is added to it."""
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["WebhookDelivery"]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["endpoint", "id"], name="hook_delivery_by_endpoint"),
            models.Index(fields=["endpoint", "id"], condition=models.Q(state="waiting"), name="hook_delivery_waiting"),
            models.Index(fields=["created_at"], name="hook_delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} ({self.state})"


class WebhookAttempt(models.Model):
    """One request and its answer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="attempts")
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    """1 for the first of a series that ends with an answer that counts, or with a pause."""
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=32, blank=True)
    """Why there is no answer: a `webhooks.posting.Problem`."""
    detail = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True)
    request_head = models.TextField(blank=True)
    """Without the password of the URL."""
    answer_head = models.TextField(blank=True)
    answer_body = models.TextField(blank=True)

    objects: ClassVar[models.Manager["WebhookAttempt"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["endpoint", "-id"], name="hook_attempt_by_endpoint")]

    def __str__(self) -> str:
        return f"{self.status or self.problem} #{self.number}"

    @property
    def counts(self) -> bool:
        """Only 200 does."""
        return self.status == 200
