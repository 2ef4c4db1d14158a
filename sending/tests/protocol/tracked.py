"""One recipient's copies of mails, for tests of what is put in."""

import re
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import quote
from uuid import UUID

from sending.protocol import recipient_links as links
from sending.protocol.additions import Additions
from sending.protocol.recipient_links import RecipientRef
from sending.protocol.template import Addresses
from sending.protocol.tracked_mime import compile_mail

BASE = "https://t.platform.test"
KEY, PATHS_KEY = b"k" * 32, b"r" * 32
REF = RecipientRef(UUID("0198f000-0000-7000-8000-000000000001"), 5, "bulk", "rita@far.test")
ADDRESSES = Addresses(REF, base=BASE, key=KEY, return_path_domain="rp.shop.test", return_path_key=PATHS_KEY)
TRACKED = Additions(BASE, opens=True, clicks=True)
LISTED = Additions(BASE, unsubscribe_footer=True, feedback_id="news:d5:bulk:a000001", sender="Grün & Söhne, 1010 Wien")
_PRINTABLE = "".join(map(chr, range(33, 127)))
OWN_URL = re.compile(rb"https://t\.platform\.test/t/(o|c|unsubscribe|tracking)/([A-Za-z0-9_-]+)")


def copy_of(message: bytes, additions: Additions = TRACKED) -> bytes:
    """What Rita gets, before it is signed."""
    return compile_mail(message, additions).fill(ADDRESSES)


def contents(message: bytes) -> list[bytes]:
    """The decoded leaves, read by the standard library."""
    parsed = message_from_bytes(message, policy=policy.compat32)
    return [bytes(part.get_payload(decode=True)) for part in parsed.walk() if not part.is_multipart()]


def clicks(content: bytes) -> list[bytes]:
    """The targets of the tracked links, in order."""
    found = [links.read_click(token.decode(), [KEY]) for kind, token in OWN_URL.findall(content) if kind == b"c"]
    assert all(one is not None and one[0] == REF.message_id for one in found)
    return [one[1] for one in found if one]


def assert_only_links_differ(before: bytes, after: bytes) -> None:
    """`before` is `after` with each tracked link in the place of one that leads to its target."""
    position = 0
    pieces = OWN_URL.split(after)
    for number, literal in enumerate(pieces[::3]):
        at = before.find(literal, position)
        assert at >= 0, literal
        if number:
            read = links.read_click(pieces[number * 3 - 1].decode(), [KEY])
            assert read is not None
            target = read[1].decode()
            assert quote(unescape(before[position:at].decode()).strip(), safe=_PRINTABLE) == target
        position = at + len(literal)
    assert position == len(before)
