"""Somebody else's verifier agrees: mailauth on Node, with the key handed to it in place of DNS."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from domains import dkim
from domains.tests.dkim.messages import AWKWARD
from mailtrap_site.testing.outside import NODE_DIR

SCRIPT = Path(__file__).with_name("mailauth_verify.js")


def answers_of_mailauth(messages: list[bytes], pair: dkim.KeyPair, selector: str = "rwmt1") -> list[dict[str, str]]:
    question = {
        "records": {f"{selector}._domainkey.example.test": dkim.dns_txt(pair.public_base64)},
        "messages": [b64encode(as_smtp_carries_it(message)).decode() for message in messages],
    }
    done = subprocess.run(
        ["node", str(SCRIPT), str(NODE_DIR)], input=json.dumps(question), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def as_smtp_carries_it(message: bytes) -> bytes:
    """The final dot stands on a line of its own, so the line before it always ends (RFC 5321 4.1.1.4)."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def signed(message: bytes, pair: dkim.KeyPair) -> bytes:
    key = dkim.load(pair.private_pem)
    field = dkim.sign(message, domain="example.test", selector="rwmt1", key=key, timestamp=1_767_225_600)
    return field + message


@pytest.mark.outside("mailauth")
def test_mailauth_passes_every_awkward_message(pair):
    messages = dict(AWKWARD)
    # mailauth waits for the empty line before it looks; submission adds it, so nothing leaves without.
    del messages["no empty line after the head"]
    for subject in ("Grüße 🎉", "a  b\t c", "x" * 200):
        for end in ("", "\r\n", " \r\n\r\n", "\r\n\t\r\n \r\n\r\n"):
            text = f"From: a@example.test\r\nSubject: {subject}\r\nX: y\r\n\r\n{subject} {end}"
            messages[f"{subject[:5]!r} with {end!r}"] = text.encode()
    answers = answers_of_mailauth([signed(message, pair) for message in messages.values()], pair)
    failed = {name: answer for name, answer in zip(messages, answers, strict=True) if answer["result"] != "pass"}
    assert failed == {}
    assert len(answers) >= 36


@pytest.mark.outside("mailauth")
def test_mailauth_sees_a_change(pair):
    good = signed(AWKWARD["plain"], pair)
    two_authors = good.replace(b"From: ", b"From: mallory@evil.test\r\nFrom: ", 1)
    changed = [good.replace(b"Hello.", b"Hullo."), good.replace(b"Subject: Hello", b"Subject: Hullo"), two_authors]
    assert "pass" not in [answer["result"] for answer in answers_of_mailauth(changed, pair)]
