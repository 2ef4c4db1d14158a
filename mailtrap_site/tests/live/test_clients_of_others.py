"""Clients that we did not write send through the live instance as they are, and the mail is read where it arrived."""

import json
import os
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from mailtrap_site.testing.live_instance import LiveInstance
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.tests.live.conftest import Proxy, run

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300)]

AUTHOR = "hello@demo.test"
STREAMS = pytest.mark.parametrize(("stream", "bulk"), [("transactional", "0"), ("bulk", "1")])


def arrived(live: LiveInstance, recipient: str) -> EmailMessage:
    """The one mail that the recipient got."""
    live.wait_for_captured(recipient)
    (mail,) = live.captured(recipient)
    return message_from_bytes(mail, _class=EmailMessage, policy=default)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def attachments(mail: EmailMessage) -> dict[str | None, Any]:
    return {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}


@STREAMS
@pytest.mark.outside("mailtrap-python")
def test_the_official_python_sdk_sends_with_no_change(live: LiveInstance, proxy: Proxy, stream: str, bulk: str) -> None:
    recipient = f"python-{stream}@reader.test"
    mail = {"FROM": AUTHOR, "TO": recipient, "SUBJECT": f"Python, {stream}"}
    answer = run(
        [sys.executable, str(NODE_DIR / "send_with_mailtrap.py")],
        **(proxy.settings | mail),
        API_TOKEN=live.facts["API_TOKEN"],
        BULK=bulk,
    )
    check_what_the_sdk_sent(live, json.loads(answer), recipient, f"Python, {stream}", stream)


@STREAMS
@pytest.mark.outside("mailtrap-node")
def test_the_official_node_sdk_sends_with_no_change(live: LiveInstance, proxy: Proxy, stream: str, bulk: str) -> None:
    recipient = f"node-{stream}@reader.test"
    mail = {"FROM": AUTHOR, "TO": recipient, "SUBJECT": f"Node, {stream}"}
    answer = run(
        ["node", str(NODE_DIR / "send_with_mailtrap.js")],
        **(proxy.settings | mail),
        API_TOKEN=live.facts["API_TOKEN"],
        BULK=bulk,
    )
    check_what_the_sdk_sent(live, json.loads(answer), recipient, f"Node, {stream}", stream)


def check_what_the_sdk_sent(
    live: LiveInstance, answer: dict[str, Any], recipient: str, subject: str, stream: str
) -> None:
    assert answer["success"] is True
    (message_id,) = answer["message_ids"]
    logged = live.demo.wait_until(message_id, "delivered")
    assert logged["sending_stream"] == stream
    assert logged["category"] == "Outside"
    assert logged["custom_variables"] == {"order": "58213"}
    mail = arrived(live, recipient)
    assert (mail["From"], mail["To"], mail["Subject"]) == (f"Shop – Grüße <{AUTHOR}>", recipient, subject)
    assert text_of(mail) == "Größe: 1 €"
    assert attachments(mail) == {"größe.txt": "1 €".encode()}


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
    assert text_of(mail) == "Größe: 1 €\n.A line with a dot first."
    assert attachments(mail) == {"größe.txt": "1 €".encode()}
    assert live.demo.find(recipient)["sending_stream"] == stream


@pytest.mark.outside("swaks")
def test_swaks_sends(live: LiveInstance) -> None:
    recipient = "swaks@reader.test"
    said = run(
        [
            *("swaks", "--server", live.facts["SMTP_HOST"], "--port", live.facts["SMTP_PORT"]),
            *("--tls", "--tls-verify", "--tls-ca-path", str(live.certificate_authority)),
            *("--auth", "LOGIN", "--auth-user", "api", "--auth-password", live.facts["API_TOKEN"]),
            *("--from", AUTHOR, "--to", recipient, "--header", "Subject: By swaks", "--body", "It works."),
        ]
    )
    assert "<~  250 2.0.0" in said
    mail = arrived(live, recipient)
    assert (mail["To"], mail["Subject"], text_of(mail)) == (recipient, "By swaks", "It works.")


@pytest.mark.outside("mailauth")
def test_mailauth_verifies_what_arrived_with_the_key_of_our_name_server(live: LiveInstance) -> None:
    mail = {
        "from": {"email": AUTHOR, "name": "Grüße"},
        "to": [{"email": "dkim@reader.test"}],
        "subject": "Größe " * 20,
        "html": "<p>Größe: 1 €</p>" * 50,
    }
    live.demo.send(mail)
    message = live.wait_for_captured("dkim@reader.test")
    assert verified(live, message) == [("pass", "demo.test")]
    assert verified(live, message.replace(b"Subject: ", b"Subject: x", 1)) == [("fail", "demo.test")]


def verified(live: LiveInstance, message: bytes) -> list[tuple[str, str]]:
    """mailauth's result and domain for each signature."""
    done = subprocess.run(
        ["node", str(NODE_DIR / "verify_dkim.js")],
        env=os.environ | {"DNS_SERVER": f"127.0.0.1:{live.settings['DNS_PORT']}"},
        input=message,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [(one["result"], one["domain"]) for one in json.loads(done.stdout)]
