"""Which mailbox provider a mail exchanger belongs to, by the end of its name; the names are the contract's.

And which exchangers make up one site, whose limits the domains behind it share.
"""

from collections.abc import Sequence
from hashlib import sha256

_SUFFIXES = {
    "gmail-smtp-in.l.google.com": "Google",
    "google.com": "Google Workspace",
    "googlemail.com": "Google Workspace",
    "yahoodns.net": "Yahoo",
    "olc.protection.outlook.com": "Outlook",
    "mail.protection.outlook.com": "Office 365",
    "hey.com": "Hey",
    "zoho.com": "Zoho Email",
    "zoho.eu": "Zoho Email",
    "protonmail.ch": "ProtonMail",
    "yandex.net": "Yandex",
    "yandex.ru": "Yandex",
    "icloud.com": "iCloud",
    "amazonaws.com": "Amazon SES (Simple Email Service)",
    "pphosted.com": "Proofpoint Email Protection",
    "ppe-hosted.com": "Proofpoint Email Protection",
    "mimecast.com": "Mimecast Email Protection",
    "gmx.net": "GMX.net",
    "emailsrvr.com": "Rackspace",
    "ovh.net": "OVH hosted",
    "linode.com": "Linode hosted",
    "secureserver.net": "GoDaddy",
    "messagelabs.com": "Symantec Email Protection",
    "barracudanetworks.com": "Barracuda Email Protection",
    "iphmx.com": "Cisco Email Protection",
    "messagingengine.com": "FastMail",
    "naver.com": "Naver",
    "seznam.cz": "Seznam",
    "comcast.net": "Comcast",
    "charter.net": "Spectrum",
}
PROVIDERS = tuple(dict.fromkeys(_SUFFIXES.values()))
"""The names, each once."""
MAIN_PROVIDERS = ("Google", "Google Workspace", "Outlook", "Office 365", "Yahoo")
"""Those at which most mailboxes are."""

_SHARED = (
    "gmail-smtp-in.l.google.com",
    "google.com",
    "googlemail.com",
    "yahoodns.net",
    "olc.protection.outlook.com",
    "mail.protection.outlook.com",
    "zoho.com",
    "zoho.eu",
    "protonmail.ch",
    "yandex.net",
    "yandex.ru",
    "icloud.com",
    "gmx.net",
    "messagingengine.com",
    "emailsrvr.com",
    "secureserver.net",
)
"""Providers that judge a sending address over all the domains they host, each with names of its own."""
_PUBLIC = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gv", "ne", "net", "or", "org"})
"""Second-level names under which strangers register, as in co.uk."""
_MOST_SITE_CHARACTERS = 200


def site_of(hosts: Sequence[str]) -> str:
    """What the mail exchangers of a domain are called as one site: their provider, the parent that numbered hosts
    (`mx1.example.net`, `mx2.example.net`) have in common, or the hosts themselves."""
    names = sorted({host.lower().rstrip(".") for host in hosts})
    for suffix in _SHARED:
        if all(name == suffix or name.endswith("." + suffix) for name in names):
            return suffix
    parents = {name.partition(".")[2] for name in names}
    if len(names) > 1 and len(parents) == 1:
        parent = parents.pop()
        labels = parent.split(".")
        if len(labels) > 2 or (len(labels) == 2 and labels[0] not in _PUBLIC):
            return _short(parent)
    return _short(",".join(names))


def _short(site: str) -> str:
    return site if len(site) <= _MOST_SITE_CHARACTERS else sha256(site.encode()).hexdigest()


def provider_of(host: str | None) -> str | None:
    """The provider of a mail exchanger; None when the table does not know it."""
    labels = (host or "").lower().rstrip(".").split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_SUFFIXES[name] for name in names if name in _SUFFIXES), None)
