"""A request to the sending API before and after its body is read."""

import re
from dataclasses import dataclass, replace

from django.conf import settings

from sending.api.send.body.recipients import Report
from sending.api.send.routes import Kind
from sending.models import Stream
from sending.policy.idempotency_key import fingerprint
from sending.submission.draft import Draft, Idempotency

HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings before its body. `path_stream` is None for the host name to decide; `query` is as it came,
    `content_type` lower-cased without parameters, and `sandbox` what stands in the path for a sandbox's id."""

    method: str
    host: str
    content_type: str
    secret: str
    client_ip: str
    path_stream: Stream | None
    kind: Kind = Kind.SEND
    sandbox: str | None = None
    query: str = ""
    idempotency_key: str | None = None

    @property
    def stream(self) -> Stream:
        """That of the path, or the one whose host name the client asked for."""
        if self.path_stream is not None:
            return self.path_stream
        return Stream.BULK if self._host_name in settings.BULK_HOSTS else Stream.TRANSACTIONAL

    @property
    def sandbox_id(self) -> int | None:
        """Where the mail is to stay; 0, which no sandbox has, for what is no id; None for mail that is to leave."""
        if self.sandbox is None:
            # Test mail that names no sandbox is never to leave.
            return 0 if self._host_name in settings.SANDBOX_HOSTS else None
        number = int(self.sandbox) if re.fullmatch(r"[0-9]{1,19}", self.sandbox) else 0
        return number if number <= HIGHEST_ID else 0

    @property
    def _host_name(self) -> str:
        return self.host.partition(":")[0].lower()

    def idempotency(self, kind: str, *octets: bytes | memoryview, key: str | None = None) -> Idempotency | None:
        """The mail's own key or that of the header, and what it stands for: kind of request, stream and body."""
        key = key or self.idempotency_key
        return None if key is None else Idempotency(key, fingerprint(kind, self.stream.value, *octets))


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to be handed over, and what its answer is to report."""

    draft: Draft
    report: Report | None = None

    def bound_for(self, sandbox_id: int | None) -> "Composed":
        """The same mail, to stay in a sandbox; without one it leaves."""
        if sandbox_id is None:
            return self
        return replace(self, draft=replace(self.draft, sandbox_id=sandbox_id))
