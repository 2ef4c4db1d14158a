"""The server certificate of this instance, from an authority of its own: for STARTTLS and implicit TLS."""

import time
from collections.abc import Sequence
from pathlib import Path

from mailtrap_site.embedded import whole_file

MAILTRAP_NAMES = (
    "send.api.mailtrap.io",
    "bulk.api.mailtrap.io",
    "sandbox.api.mailtrap.io",
    "mailtrap.io",
    "live.smtp.mailtrap.io",
    "send.smtp.mailtrap.io",
    "bulk.smtp.mailtrap.io",
    "sandbox.smtp.mailtrap.io",
)
"""Unmodified SDKs ask for these; a proxy or DNS may lead them here."""

_DAYS, _RENEW_AFTER_DAYS = 397, 300


def names_for(platform_domain: str) -> tuple[str, ...]:
    """Every name under which the servers are reached."""
    own = ("send", "bulk", "live.smtp", "bulk.smtp", "smtp", "mx")
    return (
        "localhost",
        "127.0.0.1",
        "::1",
        platform_domain,
        *(f"{label}.{platform_domain}" for label in own),
        *MAILTRAP_NAMES,
    )


def ensure(folder: Path, names: Sequence[str]) -> bool:
    """Makes `ca.pem`, `server.pem` and `server.key` in `folder` unless they stand; True when they were made."""
    listing = folder / "server.names"
    wanted = "\n".join(names)
    if listing.exists() and listing.read_text() == wanted:
        age = time.time() - listing.stat().st_mtime
        if age < _RENEW_AFTER_DAYS * 86_400 and (folder / "server.key").exists() and (folder / "server.pem").exists():
            return False
    folder.mkdir(mode=0o700, exist_ok=True)
    _make(folder, names)
    listing.write_text(wanted)
    return True


def _make(folder: Path, names: Sequence[str]) -> None:
    # Loaded here: a later start finds the files and need not wait for it.
    from cryptography.hazmat.primitives import serialization

    from mailtrap_site.embedded.authority import Authority

    authority = Authority(days=_DAYS)
    certificate, key = authority.issue(names)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    whole_file.write(folder / "ca.pem", authority.certificate.public_bytes(pem), 0o644)
    whole_file.write(folder / "server.key", private)
    whole_file.write(
        folder / "server.pem", certificate.public_bytes(pem) + authority.certificate.public_bytes(pem), 0o644
    )
