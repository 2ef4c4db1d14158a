"""Keys: made with 2048 bits, loaded once, published as one TXT value."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from domains import dkim


def test_the_halves_belong_together(pair):
    published = load_der_public_key(b64decode(pair.public_base64))
    assert isinstance(published, RSAPublicKey)
    assert published.key_size == 2048
    assert dkim.load(pair.private_pem).public_key().public_numbers() == published.public_numbers()


def test_the_record_says_what_it_is(pair):
    assert dkim.dns_txt(pair.public_base64) == f"v=DKIM1; k=rsa; p={pair.public_base64}"


def test_a_pair_does_not_show_its_secret(pair):
    assert "PRIVATE" not in repr(pair)


@pytest.mark.parametrize("kind", ["nonsense", "elliptic"])
def test_what_is_no_rsa_key_is_refused(kind):
    pem = b"nonsense"
    if kind == "elliptic":
        pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError):
        dkim.load(pem)
