"""DNS blocklists of domain names (RFC 5782), asked through `domains.resolver`: never inside a transaction."""

from django.conf import settings

from domains import resolver
from domains.answers import Answer, Outcome
from domains.compliance.case import Listing
from domains.compliance.registered import registered_name

_ERRORS = "127.255."
"""Answers of a list that says it was asked wrongly, such as through a public resolver."""


def ask(domain: str) -> tuple[Listing, ...]:
    """Where the domain, or the name that it lies under, is listed, and which lists did not answer."""
    names = dict.fromkeys([domain, registered_name(domain)])
    asked = [(name, blocklist) for blocklist in settings.ENVIRONMENT.domains.blocklists for name in names]
    answers = resolver.lookup_many([(f"{name}.{blocklist}", "A") for name, blocklist in asked])
    read = (listing(name, blocklist, answer) for (name, blocklist), answer in zip(asked, answers, strict=True))
    return tuple(one for one in read if one)


def listing(name: str, blocklist: str, answer: Answer) -> Listing | None:
    """What one answer means; None: not listed."""
    codes = [value for value in answer.values if value.startswith("127.") and not value.startswith(_ERRORS)]
    if codes:
        return Listing(name, blocklist, ", ".join(codes))
    if answer.outcome.is_failure or answer.outcome is Outcome.FOUND:
        return Listing(name, blocklist)
    return None
