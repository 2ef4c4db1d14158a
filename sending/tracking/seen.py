"""One request for a pixel or a tracked link: what its token says, and what is known of who asks. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sending.protocol.recipient_links import Purpose, read_click, read_open
from sending.tracking.machines import Kind

LONGEST_AGENT = 512
_SCHEMES = (b"http://", b"https://")


@dataclass(frozen=True, slots=True)
class Link:
    """What a token was made for; an opening has no target."""

    kind: Kind
    message_id: UUID
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class Seen:
    """One opening or click; `client_ip` is whole, and kept as the domain wants it."""

    link: Link
    at: datetime
    client_ip: str
    user_agent: str
    is_head: bool = False


def read_link(purpose: str, token: str, keys: Sequence[bytes]) -> Link | None:
    """The link of a pixel ("o") or a click ("c"); None for what we did not seal, and for a target that no browser could
    be sent to: where no line ends within it, no header can be added."""
    if purpose == Purpose.OPEN:
        message_id = read_open(token, keys)
        return Link("open", message_id) if message_id else None
    found = read_click(token, keys)
    return Link("click", *found) if found and _is_web_address(found[1]) else None


def clean_agent(text: str) -> str:
    """A user agent as it is kept: printable, and of a bounded length."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST_AGENT]).strip()


def _is_web_address(target: bytes) -> bool:
    return target.lower().startswith(_SCHEMES) and all(octet > 0x20 and octet != 0x7F for octet in target)
