"""Header text on the wire: encoded-words (RFC 2047), parameters (RFC 2231), folding (RFC 5322 2.2.3).

Everything that is written here is CRLF-folded and free of control characters; what cannot be is refused.
"""

import binascii
import codecs
import re
from collections.abc import Iterable

MAX_LINE = 998
FOLD_AT = 76

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}")
_ATOM_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONG_GAP = re.compile(r"[ \t]{60}")
LONGEST_WORD = 900


class HeaderError(ValueError):
    """A header name or value that cannot be sent; `field` names the culprit, the message says why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def text_field(name: str, value: str, *, literal: bool = False) -> str:
    """An unstructured field, folded, CRLF included. Non-ASCII text becomes encoded-words.

    `literal`: so does text that looks like an encoded-word, lest the reader decode it, and a word longer than a line.
    """
    check_name(name)
    check_text(name, value)
    value = value.strip(" \t")
    is_protected = literal and ("=?" in value or _has_long_word(value))
    if value.isascii() and not is_protected and not _LONG_GAP.search(value):
        return fold(name, f"{name}: {value}")
    return f"{name}: " + encode_words(value, used=len(name) + 2) + "\r\n"


def address_field(name: str, mailboxes: Iterable[tuple[str, str]]) -> str:
    """A structured address field of (display name, wire address) pairs, folded, CRLF included."""
    check_name(name)
    lines, line = [], f"{name}:"
    for position, (display_name, wire) in enumerate(mailboxes):
        check_text(name, wire)
        if position:
            line += ","
        item = f"{_phrase(name, display_name)}<{wire}>" if display_name.strip() else wire
        first, *more = item.split("\r\n")
        if position and len(line) + 1 + len(first) > FOLD_AT:
            lines.append(line)
            line = ""
        line += f" {first}"
        for piece in more:
            lines.append(line)
            line = piece
    lines.append(line)
    return "".join(fold(name, one) for one in lines)


def parameter(name: str, value: str) -> str:
    """`name=value` for a MIME parameter: quoted when plain, else RFC 2231, one segment a line; no leading `;`."""
    check_text(name, value)
    # Readers decode an encoded-word even here, where the standard has none.
    if value.isascii() and len(value) <= 200 and "=?" not in value:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}="{escaped}"'
    encoded = _percent_encoded(value)
    if len(encoded) <= FOLD_AT - len(name) - 12:
        return f"{name}*=utf-8''{encoded}"
    segments: list[str] = []
    position, start = 0, "utf-8''"
    while position < len(encoded):
        cut = position + FOLD_AT - len(name) - len(start) - 10
        while cut < len(encoded) and "%" in encoded[cut - 2 : cut]:
            cut -= 1
        segments.append(f"{name}*{len(segments)}*={start}{encoded[position:cut]}")
        position, start = cut, ""
    return ";\r\n ".join(segments)


def fold(name: str, field: str) -> str:
    """Folds before white space so that unfolding gives back the same octets; a long word keeps a line of its own."""
    if len(field) <= FOLD_AT:
        return field + "\r\n"
    lines, line = [], ""
    for piece in re.findall(r"[ \t]*[^ \t]+", field):
        if line.strip(" \t") and len(line) + len(piece) > FOLD_AT and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += piece
    lines.append(line)
    if any(len(one.encode()) > MAX_LINE for one in lines):
        raise HeaderError(name, "a word in this header is longer than a line of mail may be (998 octets)")
    return "\r\n".join(lines) + "\r\n"


def _has_long_word(text: str) -> bool:
    """Whether a word would not fit into a line that it shares with a field's name."""
    return len(text) > LONGEST_WORD and max(map(len, text.split()), default=0) > LONGEST_WORD


def check_name(name: str) -> None:
    """Refuses what is no field name of RFC 5322 2.2."""
    if not _FIELD_NAME.fullmatch(name):
        raise HeaderError(name[:76].encode("ascii", "backslashreplace").decode(), "not a valid header name")


def check_text(name: str, value: str) -> None:
    """Refuses control characters, line ends first of all: they would start a header of the sender's choice."""
    if _CONTROL.search(value):
        raise HeaderError(name, "line breaks and control characters are not allowed here")


_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q = [chr(octet) if octet in _Q_SAFE else "_" if octet == 0x20 else f"={octet:02X}" for octet in range(256)]
_WORD_ROOM = 75 - len("=?utf-8?q??=")


def encode_words(text: str, *, used: int) -> str:
    """Encoded-words safe in phrases and in text, joined by folds; `used` octets already stand on the first line."""
    octets = text.encode("utf-8", "replace")
    whole = "".join(map(_Q.__getitem__, octets))
    as_q = len(whole) <= len(octets) * 4 // 3 + 4
    room = max(_WORD_ROOM - used, 24)
    if as_q and len(whole) <= room:
        return f"=?utf-8?q?{whole}?="
    words, chunk, size = [], "", 0
    for character in text:
        raw = character.encode("utf-8", "replace")
        cost = sum(len(_Q[octet]) for octet in raw) if as_q else len(raw)
        if size + cost > (room if as_q else room // 4 * 3):
            words.append(_encoded_word(chunk, as_q))
            chunk, size, room = "", 0, _WORD_ROOM
        chunk += character
        size += cost
    words.append(_encoded_word(chunk, as_q))
    return "\r\n ".join(words)


def _encoded_word(chunk: str, as_q: bool) -> str:
    octets = chunk.encode("utf-8", "replace")
    if as_q:
        return "=?utf-8?q?" + "".join(map(_Q.__getitem__, octets)) + "?="
    return "=?utf-8?b?" + binascii.b2a_base64(octets, newline=False).decode("ascii") + "?="


def _phrase(field: str, display_name: str) -> str:
    """A display name as phrase with what must stand between it and `<`."""
    check_text(field, display_name)
    display_name = display_name.strip(" \t")
    is_plain = display_name.isascii() and "=?" not in display_name and not _has_long_word(display_name)
    if not is_plain or _LONG_GAP.search(display_name):
        encoded = encode_words(display_name, used=len(field) + 2)
        last_line = encoded[encoded.rfind("\n") + 1 :]
        # The address goes to a line of its own when the encoded-word already fills this one (RFC 2047 2).
        return encoded + ("\r\n " if len(last_line) > FOLD_AT - 40 else " ")
    if _ATOM_WORDS.fullmatch(display_name):
        return display_name + " "
    escaped = display_name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" '


_ATTRIBUTE_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")


def _percent_encoded(value: str) -> str:
    octets = value.encode("utf-8", "replace")
    return "".join(chr(octet) if octet in _ATTRIBUTE_SAFE else f"%{octet:02X}" for octet in octets)


_WORD = re.compile(r"=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[A-Za-z0-9-]*)?\?([bBqQ])\?([^?\s]*)\?=")
_WORD_RUN = re.compile(rf"{_WORD.pattern}(?:\s+{_WORD.pattern})*")
_LOOSE_WORD = re.compile(r"=\?([^?]*)\?([^?]*)\?([^?]*)\?=")
# Codecs that are no character sets, or that take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def decode_words(text: str) -> str:
    """Encoded-words replaced by what they say, for people to read; those that cannot be decoded stay as they are."""
    return _WORD_RUN.sub(_decode_run, text) if "=?" in text else text


def hides_specials(text: str) -> bool:
    """Whether a receiver that decodes before it parses could find an address, or cannot agree on what is said.

    Looks at everything shaped like an encoded-word, even where the standard would not decode one.
    """
    if "=?" not in text:
        return False
    for charset, encoding, payload in _LOOSE_WORD.findall(text):
        octets = _word_octets(encoding, payload)
        decoded = None if octets is None else in_charset(charset.partition("*")[0], octets)
        if decoded is None or any(mark in decoded for mark in "@<>") or "=?" in decoded or _CONTROL.search(decoded):
            return True
    left_over = _LOOSE_WORD.sub("", text)
    decoded = decode_words(text)
    return "=?" in left_over or "?=" in left_over or any(decoded.count(mark) > text.count(mark) for mark in "@<>")


def _decode_run(match: re.Match[str]) -> str:
    """Neighbours of one charset are joined before decoding: senders split characters between words."""
    pieces: list[tuple[str, bytes]] = []
    for charset, encoding, payload in _WORD.findall(match.group()):
        octets = _word_octets(encoding, payload)
        if octets is None:
            return match.group()
        if pieces and pieces[-1][0] == charset.lower():
            pieces[-1] = (charset.lower(), pieces[-1][1] + octets)
        else:
            pieces.append((charset.lower(), octets))
    decoded = [in_charset(charset, octets) for charset, octets in pieces]
    return match.group() if None in decoded else "".join(one for one in decoded if one is not None)


def _word_octets(encoding: str, payload: str) -> bytes | None:
    try:
        ascii_payload = payload.encode("ascii")
        if encoding.lower() == "q":
            return binascii.a2b_qp(ascii_payload, header=True)
        if encoding.lower() == "b":
            return binascii.a2b_base64(ascii_payload + b"=" * (-len(ascii_payload) % 4), strict_mode=True)
    except (ValueError, UnicodeError):
        pass
    return None


def in_charset(charset: str, octets: bytes) -> str | None:
    """What the octets say in a charset that a stranger named; None for one that is unknown or no character set."""
    try:
        codec = codecs.lookup(charset)
        return None if codec.name.replace("-", "_") in _NO_CHARSETS else octets.decode(codec.name, "replace")
    except (LookupError, ValueError):
        return None
