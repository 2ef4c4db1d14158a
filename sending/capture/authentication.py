"""What can be told of DKIM, SPF and DMARC for a captured mail, from its own octets and from what is published here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from domains import dkim
from domains.models import DkimKey, SendingDomain
from domains.names import registrable_domain
from sending.models import CapturedMail
from sending.protocol.address import AddressError, parse_mailboxes
from sending.protocol.message_head import parse_head, split

Tone = Literal["good", "warn", "bad", "neutral"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact about one mechanism."""

    mechanism: str
    tone: Tone
    heading: str
    sentence: str


def authenticate(mail: CapturedMail, source: bytes) -> list[Statement]:
    """What a receiving server would find, as far as it can be told here."""
    author = _author_domain(source)
    signatures = dkim.signatures(source)
    if mail.sandbox_id is not None:
        own = [_of_the_sender(signature) for signature in signatures]
        return [*(own or [_not_signed()]), _real_send(mail, author)]
    judged = [(signature, _judge(source, signature)) for signature in signatures]
    return [*_dkim(judged, author), _spf(mail, author), _dmarc(judged, mail, author)]


def _author_domain(source: bytes) -> str:
    """The domain of From, empty where that cannot be read."""
    try:
        authors = parse_mailboxes(parse_head(split(source)[0]).first("From") or "")
    except AddressError:
        return ""
    return authors[0].address.ascii_domain if authors else ""


# A sandbox keeps what was handed over; signing comes after that.


def _not_signed() -> Statement:
    return Statement(
        "DKIM",
        "neutral",
        _("Not signed"),
        _("Mail is signed as it leaves, and this one stays here. The sandbox shows what you handed over."),
    )


def _of_the_sender(signature: dkim.Signature) -> Statement:
    words = {"domain": signature.domain or "–", "name": signature.record_name}
    return Statement(
        "DKIM",
        "neutral",
        _("Signed for %(domain)s before it came here") % words,
        _("Its key stands at %(name)s; a sandbox does not look it up.") % words,
    )


def _real_send(mail: CapturedMail, author: str) -> Statement:
    """Whether the mail would be accepted if it were sent for good."""
    assert mail.sandbox is not None
    domains = SendingDomain.objects.filter(account=mail.sandbox.account_id, name=author, deleted_at=None)
    domain = domains.first() if author else None
    words = {"domain": author}
    heading = _("Sending domain")
    if not author:
        return Statement(heading, "bad", _("From names no domain"), _("Sent for real, it is refused."))
    if domain is None:
        return Statement(
            heading,
            "warn",
            _("%(domain)s is not among your sending domains") % words,
            _("A sandbox takes any sender. Sent for real, it is refused until the domain is added and verified."),
        )
    if not domain.may_send().allowed:
        return Statement(
            heading,
            "warn",
            _("%(domain)s may not send yet") % words,
            _("A sandbox takes any sender. Sent for real, it is refused until the domain is verified."),
        )
    return Statement(
        heading,
        "good",
        _("%(domain)s may send") % words,
        _("Sent for real, it is accepted and signed."),
    )


# On the development route mail has left in every respect but the last.

_RESULTS: dict[dkim.Result | None, tuple[Tone, str, str]] = {
    dkim.Result.PASS: (
        "good",
        gettext_noop("The signature of %(domain)s stands"),
        gettext_noop("It fits the key that we publish for the selector %(selector)s."),
    ),
    dkim.Result.BODY_CHANGED: (
        "bad",
        gettext_noop("The signature of %(domain)s does not stand"),
        gettext_noop("The body was changed after it was signed."),
    ),
    dkim.Result.HEAD_CHANGED: (
        "bad",
        gettext_noop("The signature of %(domain)s does not stand"),
        gettext_noop("A signed header was changed, or it was signed with another key than the published one."),
    ),
    dkim.Result.MALFORMED: (
        "bad",
        gettext_noop("A signature of %(domain)s that cannot be read"),
        gettext_noop("A tag is missing from it, or holds what it may not."),
    ),
    dkim.Result.UNSUPPORTED: (
        "neutral",
        gettext_noop("Signed for %(domain)s"),
        gettext_noop("It is of a kind that is not judged here; it may well stand."),
    ),
    None: (
        "neutral",
        gettext_noop("Signed for %(domain)s"),
        gettext_noop("Its key is not one of ours, so whether it stands was not asked."),
    ),
}
_Judged = list[tuple[dkim.Signature, dkim.Result | None]]


def _judge(source: bytes, signature: dkim.Signature) -> dkim.Result | None:
    """None for a key that we do not publish. A name may have been added by several accounts, each with its
    keys, and one that was replaced since vouched for its mail all the same."""
    keys = DkimKey.objects.filter(selector=signature.selector, domain__name=signature.domain).order_by("-pk")
    results = {dkim.verify(source, signature, public) for public in keys.values_list("public_key", flat=True)[:10]}
    return next((one for one in dkim.Result if one in results), None)


def _dkim(judged: _Judged, author: str) -> Iterator[Statement]:
    for signature, result in judged:
        tone, heading, sentence = _RESULTS[result]
        words = {"domain": signature.domain or "–", "selector": signature.selector}
        aligned = "" if _is_aligned(signature.domain, author) else " " + _("It is not of the domain in From.")
        yield Statement("DKIM", tone, _(heading) % words, _(sentence) % words + aligned)
    if not judged:
        yield Statement("DKIM", "warn", _("Not signed"), _("Gmail and Yahoo want a signature on every mail."))


def _spf(mail: CapturedMail, author: str) -> Statement:
    domain = mail.mail_from.rpartition("@")[2].lower()
    words = {"domain": domain, "author": author}
    if not domain:
        return Statement(
            "SPF", "neutral", _("The return path is empty"), _("It is a report; SPF then looks at the greeting.")
        )
    if _is_aligned(domain, author):
        return Statement(
            "SPF",
            "good",
            _("The return path is aligned with From"),
            _("It is of %(domain)s. Whether SPF passes depends on the address that mail leaves from.") % words,
        )
    return Statement(
        "SPF",
        "warn",
        _("The return path is not aligned with From"),
        _("It is of %(domain)s, From of %(author)s: SPF alone does not make DMARC pass.") % words,
    )


def _dmarc(judged: _Judged, mail: CapturedMail, author: str) -> Statement:
    if any(result is dkim.Result.PASS and _is_aligned(signature.domain, author) for signature, result in judged):
        return Statement(
            "DMARC", "good", _("Passes"), _("A signature stands that is aligned with From, and one is enough.")
        )
    if any(result in (None, dkim.Result.UNSUPPORTED) for _signature, result in judged):
        return Statement("DMARC", "neutral", _("Not judged"), _("It depends on a key that is not ours."))
    if _is_aligned(mail.mail_from.rpartition("@")[2].lower(), author):
        return Statement(
            "DMARC",
            "warn",
            _("Passes by SPF alone"),
            _("Forwarding breaks that. Sign it for the domain in From."),
        )
    return Statement(
        "DMARC", "bad", _("Fails"), _("Neither a signature nor the return path is aligned with From and stands.")
    )


def _is_aligned(domain: str, author: str) -> bool:
    """Relaxed alignment (RFC 7489 3.1): both lie under one registered name."""
    return bool(domain and author) and registrable_domain(domain) == registrable_domain(author)
