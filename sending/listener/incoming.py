"""One mail as a server session took it in, for whoever handles it afterwards."""

from dataclasses import dataclass

from sending.protocol.smtp_path import Path


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """`content` as received, lines ending in CRLF; `tls` such as `TLSv1.3 TLS_AES_256_GCM_SHA384`, None for plain."""

    reverse_path: Path
    content: bytes
    client_ip: str
    helo: str
    tls: str | None
