"""The server under the standard library's SMTP client, over a socket with a real TLS handshake."""

import asyncio
import smtplib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import Closed, MessageReceived, ServerConfig, ServerTls, StartTls
from sending.tests.protocol.smtp_dialogues import INBOUND, QUESTIONS, SUBMISSION, SUBMISSION_TLS, refusal


@pytest.fixture(scope="module")
def tls_context(tmp_path_factory) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def running(config: ServerConfig, context: ssl.SSLContext) -> Iterator[tuple[int, list[MessageReceived]]]:
    """A server in a thread: its port, and the messages it has taken."""
    messages: list[MessageReceived] = []
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = ServerSession(config)
        pending = session.greet()
        while True:
            writer.write(session.outgoing())
            await writer.drain()
            if not pending:
                data = await reader.read(65_536)
                if not data:
                    break
                pending = session.feed(data)
                continue
            event = pending.pop(0)
            if isinstance(event, StartTls):
                await writer.start_tls(context)
                pending += session.tls_established()
            elif isinstance(event, Closed):
                break
            elif isinstance(event, QUESTIONS):
                reply = refusal(event)
                if isinstance(event, MessageReceived):
                    messages.append(event)
                pending += session.accept() if reply is None else session.reject(reply)
        writer.close()

    implicit = context if config.tls is ServerTls.IMPLICIT else None
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=implicit))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], messages
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@b.test", "x@y.test, z@y.test", "Grüße"
    mail.set_content("Zeile\n.\n..\n" + "lang " * 300)
    return mail


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_smtplib_submits_with_starttls_and_both_mechanisms(tls_context):
    with running(SUBMISSION, tls_context) as (port, messages):
        for mechanism in ("auth_plain", "auth_login"):
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client.starttls(context=client_context())
                client.ehlo()
                client.user, client.password = "api", "secret"
                client.auth(mechanism.removeprefix("auth_").upper(), getattr(client, mechanism))
                assert client.send_message(message()) == {}
    assert len(messages) == 2
    assert [path.address for path in messages[0].envelope.recipients] == ["x@y.test", "z@y.test"]
    assert messages[0].content.replace(b"\r\n", b"\n").startswith(b"From: a@b.test\n")
    assert b"\r\n.\r\n..\r\n" in messages[0].content


def test_smtplib_submits_under_implicit_tls_with_utf8_addresses(tls_context):
    with (
        running(SUBMISSION_TLS, tls_context) as (port, messages),
        smtplib.SMTP_SSL("127.0.0.1", port, context=client_context(), timeout=10) as client,
    ):
        client.login("api", "secret")
        client.sendmail("ü@b.test", ["é@y.test"], "Grüße\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    assert (messages[0].envelope.smtputf8, messages[0].envelope.recipients[0].address) == (True, "é@y.test")


def test_smtplib_is_told_what_is_refused(tls_context):
    with running(SUBMISSION, tls_context) as (port, _), smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("a@b.test", ["x@y.test"], b"x\r\n")
        assert refused.value.smtp_code == 530
        client.starttls(context=client_context())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("api", "wrong")
    with running(INBOUND, tls_context) as (port, messages), smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        assert client.sendmail("a@b.test", ["x@y.test", "no@y.test"], b"x\r\n") == {
            "no@y.test": (550, b"5.1.1 refused")
        }
        with pytest.raises(smtplib.SMTPSenderRefused) as too_large:
            client.sendmail("a@b.test", ["x@y.test"], b"x\r\n" * 50_000)
        assert too_large.value.smtp_code == 552
    assert len(messages) == 1


@pytest.mark.outside("swaks")
def test_swaks_submits_with_starttls_and_pipelining(tls_context):
    with running(SUBMISSION, tls_context) as (port, messages):
        result = subprocess.run(
            ["swaks", "--server", f"127.0.0.1:{port}", "--tls", "--auth", "PLAIN", "--auth-user", "api",
             "--auth-password", "secret", "--from", "a@b.test", "--to", "x@y.test,z@y.test", "--pipeline"],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stdout
    assert len(messages[0].envelope.recipients) == 2
