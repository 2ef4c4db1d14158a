"""What TLS a route asks for, and the contexts it uses. Opportunistic TLS (RFC 7435) does not check certificates."""

import ssl
from dataclasses import dataclass
from functools import cache

from sending.protocol.smtp_client_events import ClientTls


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """`verify`: the certificate must be valid for the host's name, or the delivery is deferred. `for_domain`: it is the
    sending domain that will not have its mail go in the clear."""

    mode: ClientTls
    verify: bool = False
    for_domain: bool = False

    @property
    def may_fall_back(self) -> bool:
        """Whether a failed handshake may be followed by a plain connection."""
        return self.mode is ClientTls.OPPORTUNISTIC

    @property
    def required(self) -> "TlsPolicy":
        """The same for a domain that requires TLS."""
        return self if self.mode in (ClientTls.REQUIRE, ClientTls.IMPLICIT) else REQUIRED_BY_DOMAIN


OPPORTUNISTIC = TlsPolicy(ClientTls.OPPORTUNISTIC)
PLAIN = TlsPolicy(ClientTls.NEVER)
REQUIRED_BY_DOMAIN = TlsPolicy(ClientTls.REQUIRE, for_domain=True)
"""Encrypted, the certificate not checked: against who listens, not against who poses as the receiving server."""
RELAY_POLICIES = {
    "starttls": TlsPolicy(ClientTls.REQUIRE, verify=True),
    "implicit": TlsPolicy(ClientTls.IMPLICIT, verify=True),
    "none": PLAIN,
}
"""By the setting RELAY_TLS."""


@cache
def context(*, verify: bool) -> ssl.SSLContext:
    """A client's context: TLS 1.2 and later, names and certificates checked only where the policy says so."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def description(secured: ssl.SSLObject, *, verified: bool) -> str:
    """Such as `TLSv1.3 TLS_AES_256_GCM_SHA384, certificate not checked`."""
    cipher = secured.cipher()
    checked = "certificate checked" if verified else "certificate not checked"
    return f"{secured.version()} {cipher[0] if cipher else 'unknown cipher'}, {checked}"
