"""Ed25519 beside RSA (RFC 8463): the standard's own example, our two fields, and what mailauth makes of them."""

import json
import subprocess
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domains import dkim
from domains.dkim import Algorithm, Result
from domains.tests.dkim.messages import AWKWARD, verifies
from domains.tests.dkim.test_other_verifiers import SCRIPT, as_smtp_carries_it
from mailtrap_site.testing.outside import NODE_DIR

PUBLISHED = {
    "brisbane": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test": "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
    "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
}
SECRET = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
EXAMPLE = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
"""RFC 8463 appendix A.3."""


def doubly_signed(message: bytes, pair: dkim.KeyPair, second_pair: dkim.KeyPair) -> bytes:
    keys = [("rwmt1", dkim.load(pair.private_pem)), ("rwmt3", dkim.load(second_pair.private_pem))]
    return dkim.sign_with(message, domain="example.test", keys=keys, timestamp=1_767_225_600) + message


def judged(message: bytes, pair: dkim.KeyPair, second_pair: dkim.KeyPair) -> list[Result]:
    publics = {"rwmt1": pair.public_base64, "rwmt3": second_pair.public_base64}
    return [dkim.verify(message, one, publics[one.selector]) for one in dkim.signatures(message)]


def test_the_example_of_the_standard_stands():
    found = dkim.signatures(EXAMPLE)
    assert [(one.selector, one.algorithm) for one in found] == [
        ("brisbane", "ed25519-sha256"),
        ("test", "rsa-sha256"),
    ]
    assert [dkim.verify(EXAMPLE, one, PUBLISHED[one.selector]) for one in found] == [Result.PASS, Result.PASS]
    changed = EXAMPLE.replace(b"dinner", b"supper")
    assert {dkim.verify(changed, one, PUBLISHED[one.selector]) for one in found} == {Result.HEAD_CHANGED}


def test_the_key_of_the_standard_signs_what_its_published_half_verifies():
    key = Ed25519PrivateKey.from_private_bytes(b64decode(SECRET))
    bare = EXAMPLE[EXAMPLE.index(b"From: ") :]
    message = dkim.sign(bare, domain="football.example.com", selector="brisbane", key=key, timestamp=1) + bare
    (signature,) = dkim.signatures(message)
    assert dkim.verify(message, signature, PUBLISHED["brisbane"]) is Result.PASS


def test_a_pair_is_loaded_and_published_as_the_bare_key(second_pair):
    assert len(b64decode(second_pair.public_base64)) == 32
    loaded = dkim.load(second_pair.private_pem)
    assert b64encode(loaded.public_key().public_bytes_raw()).decode() == second_pair.public_base64
    text = dkim.dns_txt(second_pair.public_base64, Algorithm.ED25519)
    assert text == f"v=DKIM1; k=ed25519; p={second_pair.public_base64}"
    assert dkim.publishes(text, second_pair.public_base64, Algorithm.ED25519)
    assert not dkim.publishes(text, second_pair.public_base64, Algorithm.RSA)


@pytest.mark.parametrize("name", AWKWARD)
def test_both_signatures_stand_and_the_first_is_what_rsa_alone_makes(name, pair, second_pair):
    message = doubly_signed(AWKWARD[name], pair, second_pair)
    assert judged(message, pair, second_pair) == [Result.PASS, Result.PASS]
    alone = dkim.sign(
        AWKWARD[name],
        domain="example.test",
        selector="rwmt1",
        key=dkim.load(pair.private_pem),
        timestamp=1_767_225_600,
    )
    assert message.startswith(alone + b"DKIM-Signature: v=1; a=ed25519-sha256;")
    assert verifies(alone + AWKWARD[name], pair.public_base64)


@pytest.mark.parametrize(
    ("was", "becomes", "result"),
    [(b"Hello.", b"Hullo.", Result.BODY_CHANGED), (b"Subject: Hello", b"Subject: Hullo", Result.HEAD_CHANGED)],
)
def test_a_change_breaks_both(was, becomes, result, pair, second_pair):
    message = doubly_signed(AWKWARD["plain"], pair, second_pair)
    assert judged(message.replace(was, becomes, 1), pair, second_pair) == [result, result]


def test_a_key_of_the_other_kind_does_not_fit(pair, second_pair):
    message = doubly_signed(AWKWARD["plain"], pair, second_pair)
    rsa, ed25519 = dkim.signatures(message)
    assert dkim.verify(message, rsa, second_pair.public_base64) is Result.MALFORMED
    assert dkim.verify(message, ed25519, pair.public_base64) is Result.MALFORMED
    assert dkim.verify(message, ed25519, dkim.generate_ed25519().public_base64) is Result.HEAD_CHANGED


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("v=DKIM1; k=rsa; p=AAAA", True),
        ("v=DKIM1;k=rsa;p=AA AA;", True),
        ("p=AAAA", True),
        ("v=DKIM1; t=s; p=AAAA; n=a note", True),
        ("v=DKIM1; k=ed25519; p=AAAA", False),
        ("v=DKIM2; p=AAAA", False),
        ("v=DKIM1; p=", False),
        ("v=DKIM1; p=AAA", False),
        ("v=DKIM1", False),
        ("", False),
    ],
)
def test_a_record_publishes_a_key_as_receivers_read_it(text, stands):
    assert dkim.publishes(text, "AAAA") is stands


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_record_or_not(text):
    assert not dkim.publishes(text, "AAAA" * 9)


@pytest.mark.outside("mailauth")
def test_mailauth_passes_both_signatures_of_every_awkward_message(pair, second_pair):
    messages = [text for name, text in AWKWARD.items() if name != "no empty line after the head"]
    question = {
        "records": {
            "rwmt1._domainkey.example.test": dkim.dns_txt(pair.public_base64),
            "rwmt3._domainkey.example.test": dkim.dns_txt(second_pair.public_base64, Algorithm.ED25519),
        },
        "messages": [b64encode(as_smtp_carries_it(doubly_signed(one, pair, second_pair))).decode() for one in messages],
        "each": True,
    }
    done = subprocess.run(
        ["node", str(SCRIPT), str(NODE_DIR)], input=json.dumps(question), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) == len(messages) > 20
    both = [{"algorithm": "rsa-sha256", "result": "pass"}, {"algorithm": "ed25519-sha256", "result": "pass"}]
    assert [answer for answer in answers if sorted(answer, key=str) != sorted(both, key=str)] == []
