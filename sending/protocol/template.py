"""A message with gaps, compiled once for a submission and filled for each recipient: octets and slots in their order.

What stands between the slots is encoded once. A slot becomes an address of `recipient_links`, which is ASCII without
`=`, so that it needs no quoting in quoted-printable; a part in base64 is encoded anew each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sending.protocol import recipient_links, return_path
from sending.protocol.mime import base64_lines
from sending.protocol.recipient_links import Purpose, RecipientRef

QP_LINE = 75
"""Octets before the `=` of a soft line break (RFC 2045 6.7)."""
_SOFT = b"=\r\n"
_LONGEST_REF = 16 + 20 + 16 + 320
_SEAL = 16


class Slot(NamedTuple):
    """Where an address goes. `target` is that of a click; `by_mail` is the address to unsubscribe by mail."""

    purpose: Purpose
    target: bytes = b""
    by_mail: bool = False

    def longest(self, base: str) -> int:
        """Octets that its address may have."""
        octets = {Purpose.OPEN: 16, Purpose.CLICK: 16 + len(self.target)}.get(self.purpose, _LONGEST_REF)
        return len(recipient_links.url(base, self.purpose, "")) + (octets + _SEAL + 2) * 4 // 3


Piece = bytes | Slot


class Wrapped(NamedTuple):
    """A slot within quoted-printable: lines of full length, each with a soft break, the last one as well."""

    slot: Slot


class Encoded(NamedTuple):
    """The whole content of a part in base64."""

    pieces: tuple[Piece, ...]


class Addresses:
    """The addresses in the mail of one recipient; each token is sealed once."""

    def __init__(
        self, ref: RecipientRef, *, base: str, key: bytes, return_path_domain: str = "", return_path_key: bytes = b""
    ) -> None:
        self._ref, self._base, self._key = ref, base, key
        self._return_path_domain, self._return_path_key = return_path_domain, return_path_key
        self._made: dict[Slot, bytes] = {}

    def of(self, slot: Slot) -> bytes:
        made = self._made.get(slot)
        if made is None:
            made = self._made[slot] = self._make(slot).encode("ascii")
        return made

    def _make(self, slot: Slot) -> str:
        purpose, message_id = slot.purpose, self._ref.message_id
        if purpose is Purpose.CLICK:
            token = recipient_links.seal_click(message_id, slot.target, self._key)
        elif purpose is Purpose.OPEN:
            token = recipient_links.seal_open(message_id, self._key)
        else:
            token = recipient_links.seal_recipient(purpose, self._ref, self._key)
        if slot.by_mail:
            local = return_path.encode_unsubscribe(message_id, self._return_path_key)
            return f"mailto:{local}@{self._return_path_domain}?subject={token}"
        return recipient_links.url(self._base, purpose, token)


@dataclass(frozen=True, slots=True)
class Template:
    """Made by `tracked_mime.compile_mail`."""

    pieces: tuple[Piece | Wrapped | Encoded, ...]

    @property
    def is_same_for_all(self) -> bool:
        return all(isinstance(piece, bytes) for piece in self.pieces)

    def fill(self, addresses: Addresses | None = None) -> bytes:
        """The message of one recipient. Without slots it needs no addresses."""
        filled = []
        for piece in self.pieces:
            if isinstance(piece, bytes):
                filled.append(piece)
                continue
            assert addresses is not None
            if isinstance(piece, Slot):
                filled.append(addresses.of(piece))
            elif isinstance(piece, Wrapped):
                filled.append(_wrapped(addresses.of(piece.slot)))
            else:
                octets = [one if isinstance(one, bytes) else addresses.of(one) for one in piece.pieces]
                filled.append(base64_lines(b"".join(octets)))
        return b"".join(filled)


def template(pieces: Iterable[Piece | Wrapped | Encoded]) -> Template:
    """With neighbouring octets joined."""
    joined: list[Piece | Wrapped | Encoded] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        joined += (b"".join(run), piece)
        run = []
    return Template((*joined, b"".join(run)))


def _wrapped(address: bytes) -> bytes:
    lines = [address[start : start + QP_LINE] for start in range(0, len(address), QP_LINE)]
    return _SOFT.join([*lines, b""])
