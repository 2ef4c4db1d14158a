"""Keys for DKIM: RSA of 2048 bits (RFC 8301) and Ed25519 (RFC 8463).

And the TXT record that publishes one (RFC 6376 3.6.1).
"""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_BITS = 2048

SigningKey = RSAPrivateKey | Ed25519PrivateKey


class Algorithm(StrEnum):
    """As `a=` of a signature names them."""

    RSA = "rsa-sha256"
    ED25519 = "ed25519-sha256"

    @property
    def key_type(self) -> str:
        """As `k=` of a record names it."""
        return self.value.partition("-")[0]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`private_pem` is unencrypted PKCS #8, to be sealed before it is stored; `public_base64` goes into `p=`."""

    private_pem: bytes = field(repr=False)
    public_base64: str


def generate() -> KeyPair:
    """A new RSA pair; takes 50 to 500 ms."""
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return _pair(key, key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def generate_ed25519() -> KeyPair:
    """A new Ed25519 pair. Its record carries the 32 octets of the key alone (RFC 8463 section 4)."""
    key = Ed25519PrivateKey.generate()
    return _pair(key, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def load(private_pem: bytes) -> SigningKey:
    """The signing key; raises ValueError. For keys that we made and stored ourselves: the checks that are skipped
    cost 50 ms a key and guard against keys from strangers."""
    key = load_pem_private_key(private_pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("neither an RSA nor an Ed25519 private key")
    return key


def dns_txt(public_base64: str, algorithm: str = Algorithm.RSA) -> str:
    """The whole value; a zone file splits it into strings of at most 255 octets."""
    return f"v=DKIM1; k={Algorithm(algorithm).key_type}; p={public_base64}"


def record_tags(text: str) -> dict[str, str] | None:
    """The tags of a key record, white space taken out of `p`; None for a text that is none (RFC 6376 3.6.1, 3.2)."""
    pairs = [tag.partition("=") for tag in text.split(";") if tag.strip()]
    tags = {name.strip(): value.strip() for name, equals, value in pairs if equals}
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return None
    return {**tags, "p": "".join(tags["p"].split())}


def publishes(text: str, public_base64: str, algorithm: str = Algorithm.RSA) -> bool:
    """Whether a receiver who finds `text` verifies with this key."""
    tags = record_tags(text)
    return tags is not None and (tags["p"], tags.get("k", "rsa")) == (public_base64, Algorithm(algorithm).key_type)


def _pair(key: SigningKey, public: bytes) -> KeyPair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private, b64encode(public).decode("ascii"))
