"""The DKIM keys of sending domains, unsealed once and kept; and the signature itself, which is always the last step."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

import structlog
from cryptography.fernet import InvalidToken

from domains import dkim
from domains.models import DkimKey

log = structlog.get_logger(__name__)

KEPT = 4096


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of a domain, ready to sign."""

    domain: str
    selector: str
    key: dkim.SigningKey = field(repr=False)

    def sign(self, message: bytes, timestamp: int, second: "Signer | None" = None) -> bytes:
        """`message` with its DKIM-Signature on top, and below it that of `second`, another key of the same domain.

        Raises `dkim.SigningError` for a message without From.
        """
        keys = [(one.selector, one.key) for one in (self, second) if one is not None]
        return dkim.sign_with(message, domain=self.domain, keys=keys, timestamp=timestamp) + message


_signers: "OrderedDict[int, Signer]" = OrderedDict()
_lock = Lock()


def signers(key_ids: set[int]) -> dict[int, Signer | None]:
    """The signers of these keys, those that exist; None for a key that does not open.

    A key's row never changes, so it is read and unsealed once.
    """
    with _lock:
        found: dict[int, Signer | None] = {key_id: _signers[key_id] for key_id in key_ids if key_id in _signers}
    if missing := key_ids - found.keys():
        try:
            read = _read(missing)
        except _DOES_NOT_OPEN:
            # One by one, so that each holds up nobody but its own domain.
            for key_id in missing:
                found |= _read_one(key_id)
        else:
            found |= read
    return found


def _read_one(key_id: int) -> "dict[int, Signer | None]":
    try:
        return {**_read({key_id})}
    except _DOES_NOT_OPEN as problem:
        log.error("key_does_not_open", key=key_id, problem=type(problem).__name__)
        return {key_id: None}


def _read(key_ids: set[int]) -> dict[int, Signer]:
    rows = DkimKey.objects.filter(pk__in=key_ids).select_related("domain")
    read = {row.pk: Signer(row.domain.name, row.selector, dkim.load(row.private_key.encode())) for row in rows}
    with _lock:
        _signers.update(read)
        while len(_signers) > KEPT:
            _signers.popitem(last=False)
    return read


_DOES_NOT_OPEN = (InvalidToken, ValueError)


def forget_keys() -> None:
    """For tests, where one key id names different keys in turn."""
    with _lock:
        _signers.clear()
