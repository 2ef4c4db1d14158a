"""Where programs connect to this instance: addresses, ports and user names of one stream, or of one sandbox."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from sending.models import Stream


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors as the snippets and the pages name them."""

    stream: Stream
    sandbox_id: int | None = None
    """Where the mail is to stay, for doors of a sandbox."""

    @property
    def is_bulk(self) -> bool:
        return self.stream is Stream.BULK

    @property
    def site_url(self) -> str:
        return str(settings.SITE_URL)

    @property
    def prefix(self) -> str:
        """What stands before `/api/send`: the path names the stream, so that one host name is enough."""
        return "/bulk" if self.is_bulk else ""

    @property
    def base_url(self) -> str:
        return f"{self.site_url}{self.prefix}"

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    @property
    def send_url(self) -> str:
        return f"{self.api_url}send" + ("" if self.sandbox_id is None else f"/{self.sandbox_id}")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def sdk_host(self) -> str:
        """`base_url` for clients that write `https://` before it."""
        return self.base_url.partition("://")[2]

    @property
    def smtp_host(self) -> str:
        """The name that clients connect to: the loopback in development, the site's host elsewhere."""
        host: str = settings.ENVIRONMENT.smtp_host
        return host if host.startswith("127.") else urlsplit(settings.SITE_URL).hostname or host

    @property
    def smtp_port(self) -> int:
        return int(settings.ENVIRONMENT.smtp_port)

    @property
    def starttls_ports(self) -> tuple[int, ...]:
        return (self.smtp_port, *settings.ENVIRONMENT.smtp_extra_ports)

    @property
    def tls_port(self) -> int:
        """Where TLS begins with the first byte."""
        return int(settings.ENVIRONMENT.smtps_port)

    @property
    def smtp_user(self) -> str:
        if self.sandbox_id is not None:
            return f"sandbox-{self.sandbox_id}"
        return "bulk" if self.is_bulk else "api"

    @property
    def ca_file(self) -> str:
        """The certificate authority of a development instance, which clients must be told of; empty elsewhere."""
        authority = settings.ENVIRONMENT.var_dir / "tls" / "ca.pem"
        return str(authority) if settings.ROUTE == "development" and authority.exists() else ""
