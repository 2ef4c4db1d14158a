"""RSA keys for DKIM (RFC 6376 3.3, RFC 8301: 2048 bits) and the TXT record that publishes one (3.6.1)."""

from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`private_pem` is unencrypted PKCS #8, to be sealed before it is stored; `public_base64` goes into `p=`."""

    private_pem: bytes = field(repr=False)
    public_base64: str


def generate() -> KeyPair:
    """A new pair; takes 50 to 500 ms."""
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private, b64encode(public).decode("ascii"))


def load(private_pem: bytes) -> RSAPrivateKey:
    """The signing key; raises ValueError. For keys that we made and stored ourselves: the checks that are skipped
    cost 50 ms a key and guard against keys from strangers."""
    key = load_pem_private_key(private_pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA private key")
    return key


def dns_txt(public_base64: str) -> str:
    """The whole value; a zone file splits it into strings of at most 255 octets."""
    return f"v=DKIM1; k=rsa; p={public_base64}"
