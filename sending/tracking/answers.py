"""The answers to a pixel and to a tracked link; they need nothing but the token. Pure."""

from base64 import b64decode
from dataclasses import dataclass

from sending.tracking.seen import Link

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one by one."""
_ALWAYS = (
    (b"cache-control", b"no-store, private"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header fields and body; to HEAD the body is left out and its length stands."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def answer_to(link: Link) -> Answer:
    """The image, or the way to exactly the octets that were sealed."""
    if link.kind == "open":
        fields = (b"content-type", b"image/gif"), (b"content-length", str(len(PIXEL)).encode())
        return Answer(200, (*fields, *_ALWAYS), PIXEL)
    return Answer(302, ((b"location", link.target), (b"content-length", b"0"), *_ALWAYS), b"")
