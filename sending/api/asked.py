"""A request to the sending API before and after its body is read."""

from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from sending.api.body_recipients import Report
from sending.api.routes import Kind
from sending.models import Stream
from sending.submission.draft import Draft, Idempotency


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings before its body. `path_stream` is None for the host name to decide; `query` is as it came,
    and `content_type` lower-cased without parameters."""

    method: str
    host: str
    content_type: str
    secret: str
    client_ip: str
    path_stream: Stream | None
    kind: Kind = Kind.SEND
    query: str = ""
    idempotency_key: str | None = None

    @property
    def stream(self) -> Stream:
        """That of the path, or the one whose host name the client asked for."""
        if self.path_stream is not None:
            return self.path_stream
        is_bulk = self.host.partition(":")[0].lower() in settings.BULK_HOSTS
        return Stream.BULK if is_bulk else Stream.TRANSACTIONAL

    def idempotency(self, kind: str, *octets: bytes | memoryview, key: str | None = None) -> Idempotency | None:
        """The mail's own key or that of the header, and what it stands for: kind of request, stream and body."""
        key = key or self.idempotency_key
        return None if key is None else Idempotency(key, request_fingerprint(kind, self.stream, *octets))


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to be handed over, and what its answer is to report."""

    draft: Draft
    report: Report | None = None


def request_fingerprint(kind: str, stream: Stream, *octets: bytes | memoryview) -> bytes:
    """A digest of what an idempotency key stands for."""
    digest = sha256(f"{kind}\n{stream.value}\n".encode())
    for one in octets:
        digest.update(b"%d\n" % len(one))
        digest.update(one)
    return digest.digest()
