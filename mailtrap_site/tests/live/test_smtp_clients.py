"""Programs of others send by SMTP through the live instance as they are, and the mail is read where it arrived."""

import json
import subprocess
from pathlib import Path

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.tests.live.arrivals import arrived, attachments, text_of, written_text
from mailtrap_site.tests.live.conftest import run

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

AUTHOR = "hello@demo.test"
PORTS = pytest.mark.parametrize(("port", "tls"), [("SMTP_PORT", "starttls"), ("SMTPS_PORT", "implicit")])
MECHANISMS = pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
SWAKS_WAS_NOT_LET_IN = 28


@pytest.mark.parametrize(
    ("user", "port", "secure", "stream"),
    [("api", "SMTP_PORT", "0", "transactional"), ("bulk", "SMTPS_PORT", "1", "bulk")],
)
@pytest.mark.outside("nodemailer")
def test_nodemailer_sends_over_starttls_and_over_tls(
    live: LiveInstance, user: str, port: str, secure: str, stream: str
) -> None:
    recipient = f"nodemailer-{stream}@reader.test"
    answer = run(
        ["node", str(NODE_DIR / "send_with_nodemailer.js")],
        SMTP_HOST=live.facts["SMTP_HOST"],
        SMTP_PORT=live.facts[port],
        SMTP_USER=user,
        API_TOKEN=live.facts["API_TOKEN"],
        CA_FILE=str(live.certificate_authority),
        FROM=AUTHOR,
        TO=recipient,
        SUBJECT="Größe",
        SECURE=secure,
    )
    assert json.loads(answer)["accepted"] == [recipient]
    mail = arrived(live, recipient)
    assert (mail["From"], mail["Subject"]) == (f"Shop – Grüße <{AUTHOR}>", "Größe")
    assert mail["Message-ID"] == json.loads(answer)["messageId"]
    assert written_text(mail) == "Größe: 1 €\n.A line with a dot first."
    assert attachments(mail) == {"größe.txt": "1 €".encode()}
    assert live.demo.find(recipient)["sending_stream"] == stream


@pytest.mark.outside("swaks")
@PORTS
@MECHANISMS
def test_swaks_sends_with_each_mechanism_and_form_of_tls(
    live: LiveInstance, port: str, tls: str, mechanism: str
) -> None:
    recipient = f"swaks-{tls}-{mechanism.lower()}@reader.test"
    done = swaks(live, port, ENCRYPTED[tls], mechanism, recipient)
    assert done.returncode == 0, done.stdout
    assert f"~> AUTH {mechanism}" in done.stdout
    assert "<~  250 2.0.0" in done.stdout
    mail = arrived(live, recipient)
    assert (mail["To"], mail["Subject"], text_of(mail)) == (recipient, "By swaks", "It works.")


ENCRYPTED = {"starttls": ["--tls"], "implicit": ["--tls-on-connect"]}


@pytest.mark.outside("swaks")
@MECHANISMS
def test_no_password_is_asked_for_in_the_clear(live: LiveInstance, mechanism: str) -> None:
    recipient = f"swaks-clear-{mechanism.lower()}@reader.test"
    done = swaks(live, "SMTP_PORT", [], mechanism, recipient)
    assert done.returncode == SWAKS_WAS_NOT_LET_IN, done.stdout
    assert "AUTH" not in said_by_server(done.stdout)
    without_login = ["swaks", *server(live, "SMTP_PORT"), "--from", AUTHOR, "--to", recipient]
    refused = subprocess.run(without_login, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode != 0
    assert "<** 530 5.7.0 Must issue a STARTTLS command first" in refused.stdout
    assert live.captured(recipient) == []


@pytest.mark.outside("swaks")
@MECHANISMS
def test_a_wrong_password_is_refused(live: LiveInstance, mechanism: str) -> None:
    done = swaks(live, "SMTP_PORT", ["--tls"], mechanism, "swaks-wrong@reader.test", password="0" * 32)
    assert done.returncode == SWAKS_WAS_NOT_LET_IN, done.stdout
    assert "<~* 535 5.7.8" in done.stdout


@pytest.mark.outside("swaks")
def test_a_mechanism_that_is_not_offered_is_not_used(live: LiveInstance) -> None:
    done = swaks(live, "SMTP_PORT", ["--tls"], "CRAM-MD5", "swaks-cram@reader.test")
    assert done.returncode == SWAKS_WAS_NOT_LET_IN, done.stdout
    assert "AUTH PLAIN LOGIN\n" in said_by_server(done.stdout)


def swaks(
    live: LiveInstance, port: str, tls: list[str], mechanism: str, recipient: str, password: str = ""
) -> "subprocess.CompletedProcess[str]":
    """One mail by swaks; with TLS the certificate is checked."""
    checked = [*tls, "--tls-verify", "--tls-ca-path", str(live.certificate_authority)] if tls else []
    command = [
        *("swaks", *server(live, port), *checked),
        *("--auth", mechanism, "--auth-user", "api", "--auth-password", password or live.facts["API_TOKEN"]),
        *("--from", AUTHOR, "--to", recipient, "--header", "Subject: By swaks", "--body", "It works."),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def server(live: LiveInstance, port: str) -> list[str]:
    return ["--server", live.facts["SMTP_HOST"], "--port", live.facts[port]]


def said_by_server(conversation: str) -> str:
    return "\n".join(line for line in conversation.splitlines() if line.startswith("<"))


@pytest.mark.outside("msmtp")
@PORTS
@MECHANISMS
def test_msmtp_sends(live: LiveInstance, tmp_path: Path, port: str, tls: str, mechanism: str) -> None:
    recipient = f"msmtp-{tls}-{mechanism.lower()}@reader.test"
    settings = tmp_path / "msmtprc"
    settings.write_text(
        f"""\
account default
host {live.facts["SMTP_HOST"]}
port {live.facts[port]}
tls on
tls_starttls {"on" if tls == "starttls" else "off"}
tls_trust_file {live.certificate_authority}
auth {mechanism.lower()}
user api
password {live.facts["API_TOKEN"]}
from {AUTHOR}
"""
    )
    settings.chmod(0o600)
    mail = f"From: Shop <{AUTHOR}>\nTo: {recipient}\nSubject: By msmtp\n\nIt works.\n.\n..\n"
    command = ["msmtp", "-C", str(settings), "--read-recipients"]
    done = subprocess.run(command, input=mail, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    came = arrived(live, recipient)
    assert (came["From"], came["Subject"]) == (f"Shop <{AUTHOR}>", "By msmtp")
    assert text_of(came) == "It works.\n.\n.."
