"""The server certificate of an instance, judged by Python's own TLS."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from mailtrap_site.embedded import certificates


def handshake(folder: Path, name: str) -> None:
    """A TLS handshake that asks for `name`. Raises ssl.SSLCertVerificationError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(near, server_hostname=name).close()
    finally:
        near.close()
        thread.join(5)


def test_clients_that_trust_the_authority_accept_every_name(tmp_path: Path) -> None:
    assert certificates.ensure(tmp_path / "tls", certificates.names_for("platform.test"))
    for name in ("localhost", "127.0.0.1", "send.api.mailtrap.io", "live.smtp.mailtrap.io", "bulk.platform.test"):
        handshake(tmp_path / "tls", name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path / "tls", "elsewhere.test")


def test_it_stays_until_the_names_change_and_its_key_is_private(tmp_path: Path) -> None:
    names = certificates.names_for("platform.test")
    assert certificates.ensure(tmp_path, names)
    before = (tmp_path / "server.pem").read_bytes()
    assert not certificates.ensure(tmp_path, names)
    assert (tmp_path / "server.pem").read_bytes() == before
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0
    assert certificates.ensure(tmp_path, certificates.names_for("other.test"))
