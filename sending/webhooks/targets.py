"""Whether a URL may be posted to, and where it leads at this moment: asked when it is saved and at each request."""

import ipaddress
import re
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

import idna
from django.conf import settings
from django.utils.translation import gettext as _

from domains.pinned_http import Place, addresses_of, may_be_asked

MOST_CHARACTERS = 2000
PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class UrlFault(StrEnum):
    """Why a URL is not taken."""

    BLANK = "blank"
    SHAPE = "shape"
    SCHEME = "scheme"
    PORT = "port"
    FRAGMENT = "fragment"
    TOO_LONG = "too_long"
    NO_HOST = "no_host"
    NOT_PUBLIC = "not_public"


class UrlRefused(Exception):
    """`sentence` is for people."""

    def __init__(self, fault: UrlFault, host: str = "") -> None:
        super().__init__(fault.value)
        self.fault, self.host = fault, host

    @property
    def sentence(self) -> str:
        return sentence_of(self.fault, self.host)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart; `authorization` is the header that its userinfo asks for, or empty."""

    scheme: str
    host: str
    port: int
    path: str
    authorization: str

    def place(self, addresses: tuple[str, ...]) -> Place:
        return Place(self.host, self.path, addresses, self.port, self.scheme == "https")


def sentence_of(fault: UrlFault, host: str) -> str:
    """What is wrong and what to do."""
    sentences = {
        UrlFault.BLANK: _("A URL is missing. Enter one such as https://shop.example/hooks/mail."),
        UrlFault.SHAPE: _("This is no URL. Enter one such as https://shop.example/hooks/mail."),
        UrlFault.SCHEME: _("The URL must begin with https:// or http://."),
        UrlFault.PORT: _("Webhooks go to port 443 or 80 only. Remove the port, or put a server on 443 in front."),
        UrlFault.FRAGMENT: _("Remove the part after “#”: it never reaches a server."),
        UrlFault.TOO_LONG: _("The URL is longer than the %(most)s characters that we keep.")
        % {"most": MOST_CHARACTERS},
        UrlFault.NO_HOST: _(
            "DNS knows no address of %(host)s at the moment. Check the spelling, or try again in a minute."
        ),
        UrlFault.NOT_PUBLIC: _("%(host)s leads to an address that is not public, and webhooks go to public ones only."),
    }
    text = sentences[fault]
    if settings.DEBUG and fault in (UrlFault.NOT_PUBLIC, UrlFault.PORT):
        text += " " + _("On an instance for development OUTBOUND_PUBLIC_ONLY=false lets them go anywhere.")
    return text % {"host": host} if "%(host)s" in text else text


def read_url(text: str) -> Target:
    """The parts of a URL. Raises UrlRefused. Asks no network."""
    text = text.strip()
    if not text:
        raise UrlRefused(UrlFault.BLANK)
    if len(text) > MOST_CHARACTERS:
        raise UrlRefused(UrlFault.TOO_LONG)
    if any(sign.isspace() or not sign.isprintable() or sign == "\\" for sign in text):
        # urlsplit would leave some of these out without a word.
        raise UrlRefused(UrlFault.SHAPE)
    try:
        parts = urlsplit(text)
        if parts.scheme not in PORTS:
            raise UrlRefused(UrlFault.SCHEME)
        port, host = parts.port, _host(parts.hostname or "")
    except (ValueError, UnicodeError) as problem:
        raise UrlRefused(UrlFault.SHAPE) from problem
    if "#" in text:
        raise UrlRefused(UrlFault.FRAGMENT)
    port = PORTS[parts.scheme] if port is None else port
    if settings.ENVIRONMENT.outbound_public_only and port not in PORTS.values():
        raise UrlRefused(UrlFault.PORT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise UrlRefused(UrlFault.SHAPE)
    return Target(parts.scheme, host, port, path, _authorization(parts.username, parts.password))


def checked_addresses(target: Target) -> tuple[str, ...]:
    """The addresses that may be connected to now. Raises UrlRefused where there is none. Network."""
    found = addresses_of(target.host)
    allowed = tuple(address for address in found if may_be_asked(address))
    if not allowed:
        raise UrlRefused(UrlFault.NOT_PUBLIC if found else UrlFault.NO_HOST, target.host)
    return allowed


def _host(text: str) -> str:
    """In ASCII and lower case. Raises ValueError for what is no host name and no address."""
    if "%" in text:
        # A zone (RFC 6874) names an interface of this machine.
        raise ValueError("no host")
    if ":" in text:
        return str(ipaddress.IPv6Address(text))
    name = text.lower().rstrip(".") if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise ValueError("no host")
    return name


def _authorization(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode("ascii")
