"""Runs a listener in a thread, so that blocking clients can talk to it."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sending.listener import Limits, Listener, Port, tls_context


@contextlib.contextmanager
def listening(ports: Sequence[Port], limits: Limits | None = None, **options: Any) -> Iterator[Listener]:
    """The listener, started; at the end it is stopped as SIGTERM would do it."""
    loop = uvloop.new_event_loop()
    listener = Listener(ports, server_context(), limits or Limits(drain_seconds=2.0), **options)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(listener.start(), loop).result(5)
        yield listener
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@cache
def server_context() -> ssl.SSLContext:
    """A server's TLS with a certificate of its own making."""
    with TemporaryDirectory() as folder:
        return tls_context(*write_certificate(Path(folder)))


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """The files of certificate and key."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    certificate_file, key_file = folder / "server.pem", folder / "server.key"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file


def trusting_context() -> ssl.SSLContext:
    """A client's TLS that believes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
