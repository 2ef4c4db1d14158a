"""The check of a domain's own MTA-STS policy against a real DNS server and a real HTTPS server."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.test import override_settings

from domains import policy_file
from domains.mta_sts import InboundTls, inspect
from domains.mta_sts_words import sentence, state
from domains.nameserver import Record
from domains.tests.test_mta_sts_policy import GOOD
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NAMES = {
    "example.test": [Record("MX", "10 mail.example.test.")],
    "_mta-sts.example.test": [Record("TXT", "v=STSv1; id=1")],
    "mta-sts.example.test": [Record("A", "127.0.0.1")],
    "_smtp._tls.example.test": [Record("TXT", "v=TLSRPTv1; rua=mailto:tlsrpt@platform.test,https://r.test/x")],
}


@dataclass
class PolicyHost:
    """What the web server says, and what it was asked."""

    body: bytes = GOOD
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    raw: bytes | None = None
    stalls: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0
    context: ssl.SSLContext | None = None


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that is its own authority."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@contextmanager
def serving_https(host: PolicyHost, folder: Path, name: str = "mta-sts.example.test") -> Iterator[None]:
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(f"{self.headers['Host']}{self.path}")
            if host.stalls:
                while not over.wait(0.05):
                    self.wfile.write(b"H")
            elif host.raw is not None:
                self.wfile.write(host.raw)
            else:
                self.send_response(host.status)
                self.send_header("Content-Type", host.content_type)
                self.send_header("Location", "https://127.0.0.1/else")
                self.end_headers()
                self.wfile.write(host.body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    public, private = certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    host.port, host.context = server.server_port, ssl.create_default_context(cafile=str(public))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PolicyHost]:
    host = PolicyHost()
    environment = replace(settings.ENVIRONMENT, outbound_public_only=False)
    with serving_https(host, tmp_path), override_settings(ENVIRONMENT=environment):
        yield host


def found(host: PolicyHost, names: dict[str, list[Record]] = NAMES) -> InboundTls:
    with resolving(StoredZones(names)):
        return inspect("example.test", NOW, port=host.port, context=host.context)


def test_a_policy_that_stands_is_read_from_the_domains_own_host(host: PolicyHost) -> None:
    seen = found(host)
    assert seen == InboundTls(
        NOW,
        mx=("mail.example.test",),
        mode="enforce",
        max_age=604_800,
        patterns=("mail.example.test", "*.example.test"),
        reports_to=("tlsrpt@platform.test", "https://r.test/x"),
    )
    assert host.asked == [f"mta-sts.example.test:{host.port}/.well-known/mta-sts.txt"]
    assert state(seen).tone == "good"
    assert sentence(seen, "example.test").startswith("Mail to example.test is only handed over by TLS")


@pytest.mark.parametrize(
    ("changes", "problem", "detail"),
    [
        ({"status": 404}, "status", "404"),
        ({"status": 302}, "redirect", "302"),
        ({"content_type": "text/html"}, "content_type", "text/html"),
        ({"body": b"x" * 70_000}, "too_large", ""),
        ({"body": b"x" * 900_000}, "too_large", ""),
        ({"raw": b"SSH-2.0-OpenSSH\r\n"}, "no_http", ""),
        ({"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}, "no_http", ""),
        ({"raw": b""}, "no_http", ""),
        ({"body": b"<html>"}, "policy", "version"),
        ({"body": GOOD.replace(b"mx: mail.example.test\r\nmx: *.example.test", b"mx: old.example.test")}, "uncovered",
         "mail.example.test"),
        ({"body": GOOD.replace(b"604800", b"3600")}, "short_max_age", "3600"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_policy_is_said_in_a_sentence(
    host: PolicyHost, changes: dict[str, object], problem: str, detail: str
) -> None:
    for name, value in changes.items():
        setattr(host, name, value)
    seen = found(host)
    assert (seen.problem, seen.detail) == (problem, detail)
    assert detail in sentence(seen, "example.test") or problem == "short_max_age"
    assert "%(" not in sentence(seen, "example.test")
    assert state(seen).tone == "warn"


@pytest.mark.parametrize(
    ("name", "records", "problem"),
    [
        ("_mta-sts.example.test", [], "no_record"),
        ("_mta-sts.example.test", [Record("TXT", "v=STSv1; id=1"), Record("TXT", "v=STSv1; id=2")], "several_records"),
        ("_mta-sts.example.test", [Record("TXT", "v=STSv1; id=a-b")], "record_id"),
        ("mta-sts.example.test", [], "no_host"),
        ("example.test", [], "no_mx"),
    ],
)
def test_what_is_wrong_in_dns_is_said_in_a_sentence(
    host: PolicyHost, name: str, records: list[Record], problem: str
) -> None:
    seen = found(host, {**NAMES, name: records})
    assert seen.problem == problem
    assert "example.test" in sentence(seen, "example.test") or problem == "record_id"


def test_a_certificate_for_another_name_or_of_nobody_is_refused(tmp_path: Path) -> None:
    environment = replace(settings.ENVIRONMENT, outbound_public_only=False)
    host = PolicyHost()
    with override_settings(ENVIRONMENT=environment), serving_https(host, tmp_path, "www.example.test"):
        assert found(host).problem == "certificate"
        host.context = None
        assert found(host).problem == "certificate"
    assert host.asked == []


def test_a_host_that_drips_is_left_in_time(host: PolicyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_file, "SECONDS", 0.5)
    host.stalls = True
    assert found(host).problem == "timeout"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_no_connection_is_made_to_an_address_that_is_not_public(tmp_path: Path, address: str) -> None:
    host = PolicyHost()
    with serving_https(host, tmp_path):
        assert found(host, {**NAMES, "mta-sts.example.test": [Record("A", address)]}).problem == "not_public"
    assert host.asked == []


def test_a_port_that_is_closed_and_dns_that_fails_are_told_apart(host: PolicyHost) -> None:
    host.port = 1
    assert found(host).problem == "unreachable"
    with resolving(FailingZones({})):
        seen = inspect("example.test", NOW)
    assert (seen.problem, state(seen).tone) == ("dns", "outline")
