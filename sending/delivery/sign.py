"""The DKIM keys of sending domains, unsealed once and kept; and the signature itself, which is always the last step."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from domains import dkim
from domains.models import DkimKey

KEPT = 4096


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of a domain, ready to sign."""

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)

    def sign(self, message: bytes, timestamp: int) -> bytes:
        """`message` with its DKIM-Signature on top. Raises `dkim.SigningError` for a message without From."""
        signature = dkim.sign(message, domain=self.domain, selector=self.selector, key=self.key, timestamp=timestamp)
        return signature + message


_signers: "OrderedDict[int, Signer]" = OrderedDict()
_lock = Lock()


def signers(key_ids: set[int]) -> dict[int, Signer]:
    """The signers of these keys, those that exist. A key's row never changes, so it is read and unsealed once."""
    with _lock:
        found = {key_id: _signers[key_id] for key_id in key_ids if key_id in _signers}
    if missing := key_ids - found.keys():
        rows = DkimKey.objects.filter(pk__in=missing).select_related("domain")
        read = {row.pk: Signer(row.domain.name, row.selector, dkim.load(row.private_key.encode())) for row in rows}
        found |= read
        with _lock:
            _signers.update(read)
            while len(_signers) > KEPT:
                _signers.popitem(last=False)
    return found


def forget_keys() -> None:
    """For tests, where one key id names different keys in turn."""
    with _lock:
        _signers.clear()
