"""Letters about a domain: to the address that it names for them, or else to the account's owners and admins, and to
those who administer the domain among some."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, compose
from accounts.links import link_path
from accounts.models import Role, User
from accounts.readers import readers_of
from domains.models import SendingDomain
from domains.names import display_name

log = structlog.get_logger(__name__)

READERS = (Role.OWNER, Role.ADMIN)
"""Who gets them where the domain names nobody."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says; `path` is the page behind its button, `stop` the words for stopping such letters."""

    subject: str
    paragraphs: tuple[str, ...]
    path: str
    action: str
    rhythm: str
    stop: str
    facts: Sequence[tuple[str, str]] = field(default=())
    emphasis: str = ""


def send(domain: SendingDomain, words: Words) -> int:
    """How many letters left. One that cannot be sent is logged: what it says stands in the dashboard."""
    return sum(_sent(domain, words, address, reader) for address, reader in _readers(domain))


def _readers(domain: SendingDomain) -> Iterator[tuple[str, User | None]]:
    if domain.alert_recipient:
        yield domain.alert_recipient, None
        return
    for reader in readers_of(domain.account, READERS, domain.pk):
        yield reader.email, reader


def _sent(domain: SendingDomain, words: Words, address: str, reader: User | None) -> bool:
    try:
        compose(_letter(domain, words, reader), address).send()
    except Exception as problem:  # whatever a mail backend raises
        log.error("letter_lost", kind="domain", domain=domain.pk, problem=type(problem).__name__)
        return False
    return True


def _letter(domain: SendingDomain, words: Words, reader: User | None) -> Letter:
    name = {"name": display_name(domain.name), "account": domain.account.name}
    if reader is None:
        reason = _("You get this because letters about the domain %(name)s go to this address.") % name
    else:
        reason = _("You get this as a member of the account %(account)s.") % name
    stop = reverse("domains:settings", args=[domain.account_id, domain.pk])
    return Letter(
        subject=words.subject,
        paragraphs=words.paragraphs,
        reason=f"{reason} {words.rhythm}",
        action=words.action,
        url=_url(reader, words.path),
        facts=tuple(words.facts),
        emphasis=words.emphasis,
        stop=words.stop,
        stop_url=_url(reader, stop),
    )


def _url(reader: User | None, path: str) -> str:
    """A link that says whose it is; one for an address that is nobody's leads to the page itself."""
    return settings.SITE_URL + (path if reader is None else link_path(reader, path))
