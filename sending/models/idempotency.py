"""What makes a hand-over repeatable: the client's key, and what was accepted under it."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.db import models

from sending.models.foreign import reference

KEPT = timedelta(hours=24)
"""An older row counts as absent, whether or not it has been removed yet."""


class IdempotencyKey(models.Model):
    """One key of one account. Written in the transaction that accepts, so it is there exactly when the mail is."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account = reference("accounts.Account")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    """A digest of what the key stands for."""
    submission = reference("sending.Submission")
    message_ids = models.BinaryField()
    """As `pack_ids` writes them, in the order of the answer."""
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["IdempotencyKey"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.key}"


def pack_ids(ids: Sequence[uuid.UUID]) -> bytes:
    """16 bytes each."""
    return b"".join(one.bytes for one in ids)


def unpack_ids(packed: bytes) -> tuple[uuid.UUID, ...]:
    """What `pack_ids` was given."""
    return tuple(uuid.UUID(bytes=packed[start : start + 16]) for start in range(0, len(packed), 16))
