"""A certificate authority of this instance and a server certificate from it (RFC 5280), P-256: for STARTTLS and implicit TLS at 127.0.0.1."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

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
    """Makes `ca.pem`, `server.pem` (with the authority's behind it) and `server.key` in `folder` unless they stand; True when made."""
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
    _write(folder / "ca.pem", authority.certificate.public_bytes(pem), 0o644)
    _write(folder / "server.key", private, 0o600)
    _write(folder / "server.pem", certificate.public_bytes(pem) + authority.certificate.public_bytes(pem), 0o644)


def _write(file: Path, content: bytes, mode: int) -> None:
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
    fresh.replace(file)
