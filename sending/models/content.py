"""The composed message of a submission, behind one small interface so that another store can take its place."""

import threading
import uuid
from datetime import datetime
from typing import ClassVar

import zstandard
from django.db import models

from sending.models.identifiers import id_at, time_of

_LEVEL = 1


class Content(models.Model):
    """Bytes as accepted, compressed by us; the id carries the day on which the content expires."""

    id = models.UUIDField(primary_key=True, editable=False)
    data = models.BinaryField()
    """A zstandard frame of the RFC 5322 message with CRLF line ends."""

    objects: ClassVar[models.Manager["Content"]] = models.Manager()

    def __str__(self) -> str:
        return str(self.id)

    @property
    def expires_at(self) -> datetime:
        return time_of(self.id)

    @property
    def message(self) -> bytes:
        """The RFC 5322 message."""
        return unpack(bytes(self.data))


def new_content_id(expires_at: datetime) -> uuid.UUID:
    """The id of a content that may be dropped from `expires_at` on."""
    return id_at(expires_at)


class _Codec(threading.local):
    """One a thread, since no two may use it at once; making it anew takes longer than its work."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_codec = _Codec()


def pack(message: bytes) -> bytes:
    """What the column holds for `message`."""
    return _codec.compressor.compress(message)


def unpack(data: bytes) -> bytes:
    """The message of a column. Raises `zstandard.ZstdError` for anything that `pack` did not make."""
    return _codec.decompressor.decompress(data)
