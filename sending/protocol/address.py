"""Addresses and mailbox lists: RFC 5321 4.1.2 (limits 4.5.3.1), RFC 5322 3.4, RFC 6531/6532, IDNA 2008.

Strict on purpose: where two receivers could read two different authors out of one header, the header is refused.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import idna

from sending.protocol.mime_headers import decode_words, hides_specials

MAX_LOCAL_OCTETS = 64
MAX_DOMAIN_OCTETS = 255
MAX_ADDRESS_OCTETS = 254


class AddressReason(StrEnum):
    NO_AT_SIGN = "no_at_sign"
    EMPTY_LOCAL_PART = "empty_local_part"
    LOCAL_PART_TOO_LONG = "local_part_too_long"
    LOCAL_PART_CHARACTERS = "local_part_characters"
    EMPTY_DOMAIN = "empty_domain"
    DOMAIN_TOO_LONG = "domain_too_long"
    DOMAIN_CHARACTERS = "domain_characters"
    DOMAIN_NOT_QUALIFIED = "domain_not_qualified"
    ADDRESS_LITERAL = "address_literal"
    ADDRESS_TOO_LONG = "address_too_long"
    AMBIGUOUS_HEADER = "ambiguous_header"


SENTENCES = {
    AddressReason.NO_AT_SIGN: "The address has no @ sign.",
    AddressReason.EMPTY_LOCAL_PART: "The address has nothing before the @ sign.",
    AddressReason.LOCAL_PART_TOO_LONG: "The part before the @ sign is longer than 64 octets.",
    AddressReason.LOCAL_PART_CHARACTERS: "The part before the @ sign has characters that are not allowed there.",
    AddressReason.EMPTY_DOMAIN: "The address has no domain.",
    AddressReason.DOMAIN_TOO_LONG: "The domain, or one of its labels, is too long.",
    AddressReason.DOMAIN_CHARACTERS: "The domain has characters that are not allowed in a domain name.",
    AddressReason.DOMAIN_NOT_QUALIFIED: "The domain is not a full domain name.",
    AddressReason.ADDRESS_LITERAL: "IP addresses in place of a domain are not accepted.",
    AddressReason.ADDRESS_TOO_LONG: "The address is longer than 254 octets.",
    AddressReason.AMBIGUOUS_HEADER: "The address header is malformed or could be read in more than one way.",
}


class AddressError(ValueError):
    """An address or an address header that is refused; `reason` for code, `sentence` for people."""

    def __init__(self, reason: AddressReason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason

    @property
    def sentence(self) -> str:
        return SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Address:
    """`local` and `domain` as written; `ascii_domain` lower-cased A-labels, the form to compare and to look up."""

    local: str
    domain: str
    ascii_domain: str
    needs_smtputf8: bool

    @property
    def wire(self) -> str:
        """The form for SMTP commands and headers: the domain in A-labels; the local part untouched."""
        return f"{self.local}@{self.ascii_domain}"

    @property
    def comparable(self) -> str:
        """One key for addresses that reach the same mailbox at every known provider: case and quoting ignored."""
        local = _unquoted(self.local) if self.local.startswith('"') else self.local
        return f"{unicodedata.normalize('NFC', local).casefold()}@{self.ascii_domain}"

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, decoded and possibly empty, with its address."""

    name: str
    address: Address


_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_WIDE = "\x80-\U0010ffff"
_QUOTED = rf'"(?:[ !#-\[\]-~{_WIDE}]|\\[ -~])+"'
_LOCAL = re.compile(rf"[{_ATEXT}{_WIDE}]+(?:\.[{_ATEXT}{_WIDE}]+)*|{_QUOTED}")
_QUOTED_LOCAL = re.compile(_QUOTED)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def parse_address(text: str) -> Address:
    """One addr-spec with no display name, comment or surrounding space; raises `AddressError`."""
    quoted = _QUOTED_LOCAL.match(text)
    if quoted and text[quoted.end() : quoted.end() + 1] == "@":
        local, domain = quoted.group(), text[quoted.end() + 1 :]
    else:
        local, at_sign, domain = text.rpartition("@")
        if not at_sign:
            raise AddressError(AddressReason.NO_AT_SIGN)
    needs_smtputf8 = _check_local(local)
    ascii_domain = to_ascii_domain(domain)
    if len(local.encode()) + 1 + len(ascii_domain) > MAX_ADDRESS_OCTETS:
        raise AddressError(AddressReason.ADDRESS_TOO_LONG)
    return Address(local, domain, ascii_domain, needs_smtputf8)


@lru_cache(maxsize=8192)
def to_ascii_domain(domain: str) -> str:
    """Lower-cased A-label form of a full domain name; raises `AddressError`.

    Only NFC and lower case are applied. UTS 46 mapping (full-width letters, ignored characters, other dots)
    would make us see a domain that not every receiver sees.
    """
    if not domain:
        raise AddressError(AddressReason.EMPTY_DOMAIN)
    if len(domain) > MAX_DOMAIN_OCTETS:
        raise AddressError(AddressReason.DOMAIN_TOO_LONG)
    if domain.startswith("["):
        raise AddressError(AddressReason.ADDRESS_LITERAL)
    labels = [_ascii_label(label) for label in domain.split(".")]
    if len(labels) < 2 or labels[-1].isdigit():
        raise AddressError(AddressReason.DOMAIN_NOT_QUALIFIED)
    ascii_domain = ".".join(labels)
    # A name of 254 or 255 octets has no room for the length octets and the root in DNS.
    if len(ascii_domain) > MAX_DOMAIN_OCTETS - 2:
        raise AddressError(AddressReason.DOMAIN_TOO_LONG)
    return ascii_domain


def _ascii_label(label: str) -> str:
    lowered = label.lower()
    if not label.isascii():
        lowered = unicodedata.normalize("NFC", lowered)
        # Encoding takes quadratic time, and makes nothing shorter.
        if len(lowered) > 63:
            raise AddressError(AddressReason.DOMAIN_TOO_LONG)
        try:
            lowered = idna.alabel(lowered).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise AddressError(AddressReason.DOMAIN_CHARACTERS) from error
    if len(lowered) > 63:
        raise AddressError(AddressReason.DOMAIN_TOO_LONG)
    if not _LABEL.fullmatch(lowered):
        raise AddressError(AddressReason.DOMAIN_CHARACTERS)
    return lowered


def _check_local(local: str) -> bool:
    """Raises `AddressError`, or answers whether the local part needs SMTPUTF8."""
    if not local:
        raise AddressError(AddressReason.EMPTY_LOCAL_PART)
    if len(local) > MAX_LOCAL_OCTETS:
        raise AddressError(AddressReason.LOCAL_PART_TOO_LONG)
    # A local part that looks like an encoded-word is read as another address by receivers that decode first.
    if not _LOCAL.fullmatch(local) or ("=?" in local and "?=" in local):
        raise AddressError(AddressReason.LOCAL_PART_CHARACTERS)
    if local.isascii():
        return False
    if not all(character.isascii() or _is_visible(character) for character in local):
        raise AddressError(AddressReason.LOCAL_PART_CHARACTERS)
    if len(local.encode()) > MAX_LOCAL_OCTETS:
        raise AddressError(AddressReason.LOCAL_PART_TOO_LONG)
    return True


def _is_visible(character: str) -> bool:
    # The two joiners are letters of a kind in Indic and Arabic scripts.
    return character in "\u200c\u200d" or unicodedata.category(character) not in _INVISIBLE


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})

_Token = tuple[str, str]

_UNFOLD = re.compile(r"\r\n(?=[ \t])")
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r'|(?P<quoted>"(?:[^"\\]|\\.)*")'
    rf"|(?P<atom>[{_ATEXT}{_WIDE}.]+)"
    r"|(?P<mark>[<>@,:;])"
    r"|(?P<comment>\()"
)
_COMMENT_MARK = re.compile(r"[()\\]")


def parse_mailboxes(header_value: str) -> list[Mailbox]:
    """The mailboxes of a From, Sender, Reply-To, To or Cc value, folded or not, groups flattened.

    Raises `AddressError`, for the whole header, if any part is malformed or could be read differently by another
    parser: two angle addresses, an address as unquoted display name, comments inside an address, source routes,
    empty list elements, encoded-words that decode to `@`, `<` or `>`.
    """
    boxes: list[Mailbox] = []
    current: list[_Token] = []
    in_group = after_group = after_comma = False
    for kind, text in _tokens(_UNFOLD.sub("", header_value)):
        if kind != "mark" or text in "<>@":
            current.append((kind, text))
        elif text == ",":
            if not (after_group and not _trimmed(current)):
                boxes.append(_mailbox(current))
            current, after_group, after_comma = [], False, True
        elif text == ":":
            if in_group or after_group or not _trimmed(current):
                raise AddressError(AddressReason.AMBIGUOUS_HEADER)
            _phrase(current)
            current, in_group, after_comma = [], True, False
        else:
            if not in_group or (after_comma and not _trimmed(current)):
                raise AddressError(AddressReason.AMBIGUOUS_HEADER)
            if _trimmed(current):
                boxes.append(_mailbox(current))
            current, in_group, after_group, after_comma = [], False, True, False
            continue
        if after_group and kind != "space":
            raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    if in_group:
        raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    if not after_group:
        boxes.append(_mailbox(current))
    return boxes


def _tokens(value: str) -> Iterator[_Token]:
    """Lexical tokens of RFC 5322; a comment counts as white space."""
    if _FORBIDDEN.search(value):
        raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    position = 0
    while position < len(value):
        match = _TOKEN.match(value, position)
        if match is None:
            raise AddressError(AddressReason.AMBIGUOUS_HEADER)
        kind, text, end = str(match.lastgroup), match.group(), match.end()
        if kind == "comment":
            end = _comment_end(value, end)
            comment = value[position:end]
            if any(mark in comment for mark in "@<>") or hides_specials(comment):
                raise AddressError(AddressReason.AMBIGUOUS_HEADER)
            kind, text = "space", " "
        yield kind, text
        position = end


def _comment_end(value: str, position: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT_MARK.search(value, position)
        if match is None:
            raise AddressError(AddressReason.AMBIGUOUS_HEADER)
        position = match.end()
        if match.group() == "\\":
            position += 1
        else:
            depth += 1 if match.group() == "(" else -1
    return position


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    start, end = 0, len(tokens)
    while start < end and tokens[start][0] == "space":
        start += 1
    while end > start and tokens[end - 1][0] == "space":
        end -= 1
    return tokens[start:end]


def _mailbox(tokens: list[_Token]) -> Mailbox:
    tokens = _trimmed(tokens)
    if not tokens or tokens[-1] != ("mark", ">"):
        return Mailbox("", _addr_spec(tokens))
    if ("mark", "<") not in tokens:
        raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    opening = tokens.index(("mark", "<"))
    return Mailbox(_phrase(tokens[:opening]), _addr_spec(_trimmed(tokens[opening + 1 : -1])))


def _addr_spec(tokens: list[_Token]) -> Address:
    if [kind for kind, _ in tokens] not in (["atom", "mark", "atom"], ["quoted", "mark", "atom"]):
        raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    return parse_address("".join(text for _, text in tokens))


def _phrase(tokens: list[_Token]) -> str:
    """A display name as people read it."""
    words: list[str] = []
    has_begun = False
    for kind, text in tokens:
        # Dots may end a word (obs-phrase), not start the phrase.
        if kind == "mark" or (kind == "atom" and text.startswith(".") and not has_begun):
            raise AddressError(AddressReason.AMBIGUOUS_HEADER)
        if kind == "quoted":
            text = _unquoted(text)
            # Legal, yet enough receivers look for the first angle bracket whatever stands around it.
            if "@" in text and ("<" in text or ">" in text):
                raise AddressError(AddressReason.AMBIGUOUS_HEADER)
        words.append(text)
        has_begun = has_begun or bool(text.strip())
    phrase = " ".join("".join(words).split())
    if hides_specials(phrase):
        raise AddressError(AddressReason.AMBIGUOUS_HEADER)
    return decode_words(phrase)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
