"""What a message carries is judged as others judge it: our own signatures, changed messages, and those of mailauth."""

import json
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains import dkim
from domains.dkim import Result
from domains.tests.dkim.messages import AWKWARD
from mailtrap_site.testing.outside import NODE_DIR

SCRIPT = Path(__file__).with_name("mailauth_sign.js")


def signed(message: bytes, pair: dkim.KeyPair, domain: str = "example.test") -> bytes:
    key = dkim.load(pair.private_pem)
    return dkim.sign(message, domain=domain, selector="rwmt1", key=key, timestamp=1_795_000_000) + message


def judged(message: bytes, pair: dkim.KeyPair) -> list[Result]:
    return [dkim.verify(message, one, pair.public_base64) for one in dkim.signatures(message)]


@pytest.mark.parametrize("name", AWKWARD)
def test_what_we_sign_stands(name, pair):
    assert judged(signed(AWKWARD[name], pair), pair) == [Result.PASS]


@pytest.mark.parametrize(
    ("was", "becomes", "result"),
    [
        (b"Hello.", b"Hullo.", Result.BODY_CHANGED),
        (b"Subject: Hello", b"Subject: Hullo", Result.HEAD_CHANGED),
        (b"From: ", b"From: mallory@evil.test\r\nFrom: ", Result.HEAD_CHANGED),
        (b"d=example.test", b"d=evil.test", Result.HEAD_CHANGED),
        (b"a=rsa-sha256", b"a=rsa-sha1", Result.UNSUPPORTED),
        (b"a=rsa-sha256", b"a=ed25519-sha256", Result.MALFORMED),
        (b"v=1;", b"v=1; l=3;", Result.UNSUPPORTED),
        (b"bh=", b"xx=", Result.MALFORMED),
        (b"bh=", b"bh=!", Result.MALFORMED),
    ],
)
def test_a_changed_message_says_what_changed(was, becomes, result, pair):
    message = signed(AWKWARD["plain"], pair)
    assert was in message
    assert judged(message.replace(was, becomes, 1), pair) == [result]


def test_each_of_several_signatures_is_judged_and_names_its_key(pair):
    message = signed(signed(AWKWARD["plain"], pair), pair, "other.test")
    assert [one.record_name for one in dkim.signatures(message)] == [
        "rwmt1._domainkey.other.test",
        "rwmt1._domainkey.example.test",
    ]
    assert judged(message, pair) == [Result.PASS, Result.PASS]
    assert dkim.signatures(AWKWARD["plain"]) == []


def test_another_key_does_not_fit(pair):
    (signature,) = dkim.signatures(message := signed(AWKWARD["plain"], pair))
    assert dkim.verify(message, signature, dkim.generate().public_base64) is Result.HEAD_CHANGED
    assert dkim.verify(message, signature, "no key") is Result.MALFORMED


@pytest.mark.parametrize("form", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
@pytest.mark.outside("mailauth")
def test_what_mailauth_signs_stands_in_every_canonical_form(form, pair):
    messages = [one for name, one in AWKWARD.items() if one.endswith(b"\r\n") and b"\r\n\r\n" in one]
    question = {
        "key": pair.private_pem.decode(),
        "canonicalization": form,
        "messages": [b64encode(one).decode() for one in messages],
    }
    done = subprocess.run(
        ["node", str(SCRIPT), str(NODE_DIR)], input=json.dumps(question), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers = [b64decode(one) for one in json.loads(done.stdout)]
    assert [judged(one, pair) for one in answers] == [[Result.PASS]] * len(messages)
    assert len(answers) > 15


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_octets_are_judged(tags, body):
    message = b"DKIM-Signature: v=1; a=rsa-sha256; " + tags + b"\r\nFrom: a@example.test\r\n\r\n" + body
    for signature in dkim.signatures(message):
        assert dkim.verify(message, signature, "AAAA") is not Result.PASS
