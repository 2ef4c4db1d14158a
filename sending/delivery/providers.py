"""Which mailbox provider a mail exchanger belongs to, by the end of its name; the names are the contract's."""

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


def provider_of(host: str | None) -> str | None:
    """The provider of a mail exchanger; None when the table does not know it."""
    labels = (host or "").lower().rstrip(".").split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_SUFFIXES[name] for name in names if name in _SUFFIXES), None)
