"""Reads a domain name as a person types it: URLs, capitals and IDN (RFC 5890, UTS 46) are put right, others refused.

Pure: no Django, no network. Public suffixes come from the list inside the publicsuffixlist package.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

import idna
from publicsuffixlist import PublicSuffixList

# RFC 1035 allows 253 characters; our longest record name, `<selector>._domainkey.`, must fit in front.
MAXIMUM_NAME_LENGTH = 225
MAXIMUM_LABEL_LENGTH = 63

MAILBOX_DOMAINS_FILE = Path(__file__).with_name("public_mailbox_domains.txt")


def gettext_noop(text: str) -> str:
    """Mark a sentence for translation; pages translate it by its English text."""
    return text


REFUSALS: dict[str, str] = {
    "blank": gettext_noop("A domain name is missing. Enter one such as shop.example."),
    "www": gettext_noop("%(name)s is the name of a website; mail is sent from the name after “www.”. Add %(instead)s."),
    "public_mailbox": gettext_noop(
        "%(mailbox_domain)s belongs to %(owner)s, so you cannot prove it is yours. Add a domain whose DNS you manage."
    ),
    "public_suffix": gettext_noop(
        "%(name)s is shared by everyone who registers a name under it. Add the name you registered, like shop.%(name)s."
    ),
    "already_added": gettext_noop("%(name)s is already among your domains. Open it in the list."),
    "plan_full": gettext_noop(
        "All sending domains of your plan are in use (%(limit)s). Delete one that you no longer need, or choose a plan "
        "with more."
    ),
    "platform": gettext_noop("%(name)s belongs to this service. Add a domain whose DNS you manage."),
    "ip_address": gettext_noop(
        "%(name)s is an IP address; receivers only trust mail from a domain name. Add a domain whose DNS you manage."
    ),
    "single_label": gettext_noop(
        "%(name)s has no ending, so DNS cannot find it. Enter the whole name, such as %(name)s.example."
    ),
    "wildcard": gettext_noop(
        "Each name is verified on its own, so a star cannot stand for many. Add %(instead)s, then each subdomain."
    ),
    "underscore": gettext_noop(
        "%(name)s has an underscore, which email addresses may not have in their domain. Add the name without it."
    ),
    "too_long": gettext_noop(
        "This name is too long for DNS with our records in front of it. Add one of at most %(maximum)s characters."
    ),
    "label_too_long": gettext_noop(
        "The part “%(label)s…” is longer than the %(maximum)s characters that DNS allows between two dots. Shorten it."
    ),
    "empty_label": gettext_noop("%(name)s has a dot in front, or two with nothing between. Remove the extra dot."),
    "hyphen": gettext_noop(
        "The part “%(label)s” begins or ends with a hyphen, which DNS does not allow. Check the spelling."
    ),
    "characters": gettext_noop(
        "“%(name)s” has characters that DNS names cannot have. Use letters, digits, hyphens, and dots between parts."
    ),
}

NOTES: dict[str, str] = {
    "scheme": gettext_noop("We removed “%(removed)s”."),
    "path": gettext_noop("We removed “%(removed)s” after the name."),
    "address": gettext_noop("We took the domain of the address and left out “%(removed)s”."),
    "dot": gettext_noop("We removed the dot at the end."),
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something put right for the person: `text` is English, `NOTES[code] % params` the translatable form."""

    code: str
    params: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return NOTES[self.code] % self.params


@dataclass(frozen=True, slots=True)
class DomainName:
    """`ascii`: lower-case A-labels as DNS knows them; `display`: U-labels for people; `notes`: what we put right."""

    ascii: str
    display: str
    notes: tuple[Note, ...] = ()


class NameRefusal(Exception):
    """Why a text cannot be a sending domain: a stable `code`, and one public sentence with what to do."""

    def __init__(self, code: str, **params: str) -> None:
        self.code = code
        self.params = params
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        return REFUSALS[self.code] % self.params


def parse_domain_name(text: str, platform_domain: str = "") -> DomainName:
    """Read `text` as a sending domain; raise NameRefusal with the reason.

    `platform_domain` (A-labels) and names below it are refused; leave it empty for the platform's own account.
    """
    candidate, notes = _put_right(text)
    if not candidate:
        _refuse("blank")
    ascii_name = _to_ascii(candidate)
    _refuse_lengths(ascii_name)
    _refuse_unprovable(ascii_name, platform_domain.lower().rstrip("."))
    return DomainName(ascii=ascii_name, display=display_name(ascii_name), notes=tuple(notes))


def display_name(ascii_name: str) -> str:
    """The U-label form of an A-label name; a label that does not decode is shown as it is."""
    return ".".join(_display_label(label) for label in ascii_name.split("."))


def registrable_domain(ascii_name: str) -> str:
    """The name one registers (`orders.shop.co.uk` → `shop.co.uk`); a public suffix or single label is its own."""
    return _public_suffixes().privatesuffix(ascii_name) or ascii_name


def mailbox_provider(ascii_name: str) -> tuple[str, str] | None:
    """(listed domain, owner) when the name is, or lies under, a public mailbox domain."""
    labels = ascii_name.split(".")
    for start in range(len(labels) - 1):
        parent = ".".join(labels[start:])
        if owner := _mailbox_domains().get(parent):
            return parent, owner
    return None


def _put_right(text: str) -> tuple[str, list[Note]]:
    notes: list[Note] = []
    name = re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", text).strip().strip("<>\"'`,;").strip()
    if scheme := re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//|mailto:", name, re.IGNORECASE):
        notes.append(Note("scheme", {"removed": scheme[0]}))
        name = name[scheme.end() :]
    if path := re.search(r"[/\\?#].*", name, re.DOTALL):
        if path[0] != "/":
            notes.append(Note("path", {"removed": path[0][:60]}))
        name = name[: path.start()]
    if "@" in name:
        local_part, _, name = name.rpartition("@")
        notes.append(Note("address", {"removed": local_part[:60] + "@"}))
    if port := re.fullmatch(r"([^:]*)(:[0-9]{1,5})", name):
        notes.append(Note("path", {"removed": port[2]}))
        name = port[1]
    name = re.sub(r"[\u3002\uff0e\uff61]", ".", name.strip())
    if len(name) > 1 and name.endswith(".") and not name.endswith(".."):
        notes.append(Note("dot"))
        name = name[:-1]
    return name, notes


def _to_ascii(name: str) -> str:
    shown = name[:100]
    if _is_ip_address(name):
        _refuse("ip_address", name=shown)
    if name.startswith("*."):
        _refuse("wildcard", instead=name[2:102])
    if "_" in name:
        _refuse("underscore", name=shown)
    if not all(name.split(".")):
        _refuse("empty_label", name=shown)
    labels = [_label_to_ascii(label, shown) for label in name.split(".")]
    if labels[-1].isdigit():
        _refuse("ip_address" if all(label.isdigit() for label in labels) else "characters", name=shown)
    return ".".join(labels)


def _label_to_ascii(label: str, shown: str) -> str:
    if label.isascii():
        lowered = label.lower()
        if lowered.startswith("-") or lowered.endswith("-"):
            _refuse("hyphen", label=label[:40])
        if not re.fullmatch(r"[a-z0-9-]+", lowered):
            _refuse("characters", name=shown)
        if not lowered.startswith("xn--"):
            return lowered
        label = lowered
    try:
        return idna.encode(label, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        if "too long" in str(error).lower():
            _refuse("label_too_long", label=label[:20], maximum=str(MAXIMUM_LABEL_LENGTH))
        _refuse("characters", name=shown)


def _refuse_lengths(name: str) -> None:
    for label in name.split("."):
        if len(label) > MAXIMUM_LABEL_LENGTH:
            _refuse("label_too_long", label=label[:20], maximum=str(MAXIMUM_LABEL_LENGTH))
    if len(name) > MAXIMUM_NAME_LENGTH:
        _refuse("too_long", maximum=str(MAXIMUM_NAME_LENGTH))


def _refuse_unprovable(name: str, platform_domain: str) -> None:
    shown = display_name(name)
    if "." not in name:
        _refuse("single_label", name=shown)
    if platform_domain and (name == platform_domain or name.endswith("." + platform_domain)):
        _refuse("platform", name=shown)
    if _public_suffixes().publicsuffix(name) == name:
        _refuse("public_suffix", name=shown)
    if provider := mailbox_provider(name):
        _refuse("public_mailbox", mailbox_domain=provider[0], owner=provider[1])
    first, rest = name.split(".", 1)
    if first == "www" and _public_suffixes().publicsuffix(rest) != rest:
        _refuse("www", name=shown, instead=display_name(rest))


def _refuse(code: str, **params: str) -> NoReturn:
    raise NameRefusal(code, **params)


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]").removeprefix("IPv6:"))
    except ValueError:
        return name.startswith("[") or name.count(":") > 1
    return True


def _display_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label


@cache
def _public_suffixes() -> PublicSuffixList:
    # A company can prove its private suffix (github.io) by DNS; a registry's suffix nobody can.
    return PublicSuffixList(only_icann=True)


@cache
def _mailbox_domains() -> dict[str, str]:
    entries = {}
    for line in MAILBOX_DOMAINS_FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            domain, _, owner = line.partition(" ")
            entries[domain] = owner
    return entries
