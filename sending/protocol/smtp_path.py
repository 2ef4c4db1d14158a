"""Paths of the MAIL and RCPT commands (RFC 5321 4.1.2, RFC 6531 3.3), not the mailboxes of header fields."""

import ipaddress
import re
from dataclasses import dataclass

MAX_ADDRESS_OCTETS = 320  # 64 + "@" + 255
MAX_DOMAIN_OCTETS = 255
MAX_LABEL_OCTETS = 63

_UTF8 = "\u00a1-\u2027\u202a-\ud7ff\ue000-\U0010ffff"
_ATEXT = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~\-{_UTF8}]"
_DOMAIN = rf"[A-Za-z0-9.\-{_UTF8}]+"
_DOT_STRING = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_PATH = re.compile(
    rf"<(?P<route>@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
    rf'(?:(?P<dot>{_DOT_STRING.pattern})|"(?P<quoted>(?:[ !#-\[\]-~{_UTF8}]|\\[ -~])*)")'
    rf"(?:@(?:(?P<domain>{_DOMAIN})|\[(?P<literal>[^\[\]\\ ]+)\]))?>"
)
_QUOTED_PAIR = re.compile(r"\\(.)")


class PathError(ValueError):
    """`str(error)` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Path:
    """A mailbox as a command names it: `local_part` without quotes, `domain` as written ("[192.0.2.1]" for a literal).

    Both are empty for the null reverse-path; the domain alone is empty for `<Postmaster>`."""

    local_part: str
    domain: str

    @property
    def is_null(self) -> bool:
        return not self.local_part and not self.domain

    @property
    def is_ascii(self) -> bool:
        return self.local_part.isascii() and self.domain.isascii()

    @property
    def address(self) -> str:
        """Wire form without angle brackets, quoted only where it must be; "" for the null reverse-path."""
        if self.is_null:
            return ""
        local = self.local_part
        if not _DOT_STRING.fullmatch(local):
            local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{local}@{self.domain}" if self.domain else local


NULL_PATH = Path("", "")


def parse_path(text: str, *, allow_null: bool, allow_postmaster: bool, allow_literal: bool) -> tuple[Path, str]:
    """The path at the start of `text`, which opens with "<", and what follows it. Source routes are dropped
    (RFC 5321 appendix C). Raises PathError."""
    if text.startswith("<>"):
        if not allow_null:
            raise PathError("An empty path is not allowed here")
        return NULL_PATH, text[2:]
    match = _PATH.match(text)
    if match is None:
        raise PathError("Not a path of the form <local-part@domain>")
    path = Path(_local_part(match), _domain(match, allow_literal))
    if not path.domain and not (allow_postmaster and path.local_part.lower() == "postmaster"):
        raise PathError("The address has no domain")
    if len(path.address.encode()) > MAX_ADDRESS_OCTETS:
        raise PathError(f"The address is longer than {MAX_ADDRESS_OCTETS} octets")
    return path, text[match.end() :]


def parse_address(address: str) -> Path:
    """One address without angle brackets, as a client is about to send it. Raises PathError."""
    path, rest = parse_path(f"<{address}>", allow_null=False, allow_postmaster=False, allow_literal=True)
    if rest or address.startswith("@"):
        raise PathError("Not one address of the form local-part@domain")
    return path


def _local_part(match: re.Match[str]) -> str:
    dot: str | None = match["dot"]
    if dot is not None:
        return dot
    local = _QUOTED_PAIR.sub(r"\1", match["quoted"])
    if not local:
        raise PathError("The local part is empty")
    return local


def _domain(match: re.Match[str], allow_literal: bool) -> str:
    literal: str | None = match["literal"]
    if literal is not None:
        if not allow_literal:
            raise PathError("Address literals are not accepted; name a domain")
        return f"[{_checked_literal(literal)}]"
    domain: str = match["domain"] or ""
    if not domain:
        return domain
    if len(domain.encode()) > MAX_DOMAIN_OCTETS:
        raise PathError(f"The domain is longer than {MAX_DOMAIN_OCTETS} octets")
    for label in domain.split("."):
        if not label or label[0] == "-" or label[-1] == "-" or len(label.encode()) > MAX_LABEL_OCTETS:
            raise PathError("The domain is not a valid host name")
    return domain


def _checked_literal(literal: str) -> str:
    tag, colon, rest = literal.partition(":")
    try:
        if colon and tag.lower() == "ipv6" and "%" not in rest:
            return f"IPv6:{ipaddress.IPv6Address(rest)}"
        return str(ipaddress.IPv4Address(literal))
    except ValueError as error:
        raise PathError("Not a valid address literal") from error
