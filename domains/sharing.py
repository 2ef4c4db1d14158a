"""The set-up of a domain for who keeps its DNS: a letter with the records, and a link that needs no sign-in."""

import re
from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.letters import Letter, compose
from accounts.links import BadLink, LinkEnded
from accounts.models import Account, AuditEntry, User
from domains.models import DnsRecord, SendingDomain
from domains.names import display_name

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(days=30)
LETTERS_A_DAY = 20
"""Of one account: they go to whomever it names."""
LONGEST_NOTE = 500
ACTION = "domain.instructions_sent"
_SALT = "domains.sharing"
_LINK = re.compile(r"(?i)://|\bwww\.")


class NotShared(ValueError):
    """Why no letter left: a sentence for people, and `wire`, the API's words; `field` is "email", "note" or ""."""

    def __init__(self, sentence: str, wire: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.wire, self.field = sentence, wire, field


def setup_path(domain: SendingDomain) -> str:
    """The path of the domain's set-up page for a month; whoever has it sees the records and nothing else."""
    return reverse("domains:shared", args=[signing.dumps([domain.account_id, domain.pk], salt=_SALT)])


def shared_domain(token: str) -> SendingDomain:
    """The domain that a link is about. Raises BadLink for what we never signed, LinkEnded after `VALID_FOR` or once
    the domain was deleted."""
    try:
        account_id, domain_id = signing.loads(token, salt=_SALT, max_age=VALID_FOR)
    except signing.SignatureExpired as problem:
        raise LinkEnded from problem
    except signing.BadSignature as problem:
        raise BadLink from problem
    domain = SendingDomain.objects.filter(account=account_id, pk=domain_id, deleted_at=None).first()
    if domain is None:
        raise LinkEnded
    return domain


def send_instructions(
    domain: SendingDomain,
    email: str,
    note: str = "",
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> None:
    """A letter with the records and the link to one address, after the commit. Raises NotShared."""
    address, words = _address(email), _note(note)
    account = domain.account
    if account.is_suspended or account.is_banned:
        raise NotShared(_("This account is suspended, so it sends no letters."), "Account is suspended")
    if domain.is_demo:
        raise NotShared(_("The demo domain needs no records."), "Demo domain needs no set-up")
    letter = compose(_letter(domain, words, user), address)
    if user is not None:
        letter.reply_to = [user.email]
    with transaction.atomic():
        # One sends after the other, so that two cannot share the last letter of the day.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        since = timezone.now() - timedelta(days=1)
        if AuditEntry.objects.filter(account=account, action=ACTION, at__gte=since).count() >= LETTERS_A_DAY:
            raise NotShared(
                _("%(most)s letters left in the last 24 hours, which is the most. Send the next one tomorrow.")
                % {"most": LETTERS_A_DAY},
                f"Too many letters: {LETTERS_A_DAY} in 24 hours at most",
            )
        audit.record(
            ACTION,
            account=account,
            actor=user,
            target=domain,
            changes={"email": {"from": "", "to": address}},
            request=request,
            actor_name=actor_name,
        )
        transaction.on_commit(partial(_send, letter, domain.pk))


def _address(email: str) -> str:
    address = email.strip()
    if not address:
        raise NotShared(_("An address is missing. Enter one such as dns@example.com."), "can't be blank", "email")
    try:
        validate_email(address)
    except ValidationError as problem:
        raise NotShared(
            _("%(address)s is no email address. Check the spelling.") % {"address": address}, "is invalid", "email"
        ) from problem
    return address


def _note(text: str) -> str:
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise NotShared(
            _("The note is longer than %(most)s characters. Shorten it.") % {"most": LONGEST_NOTE},
            "is too long",
            "note",
        )
    if _LINK.search(note):
        # The letter goes to whomever the sender names, in the service's own name.
        raise NotShared(
            _("A note cannot hold links; the letter carries the one to the records."), "must not hold links", "note"
        )
    return note


def _letter(domain: SendingDomain, note: str, user: User | None) -> Letter:
    name = display_name(domain.name)
    who = {"account": domain.account.name, "name": name, "person": user.get_full_name() if user else ""}
    asked = (
        _("%(person)s (%(account)s) asks you to publish these DNS records at the provider of %(name)s.")
        if user is not None
        else _("%(account)s asks you to publish these DNS records at the provider of %(name)s.")
    )
    paragraphs = [
        asked % who,
        *([_("They write: %(note)s") % {"note": note}] if note else []),
        _("With them receivers can tell that mail from %(name)s is genuine. They change nothing for your website.")
        % who,
        _(
            "The link below shows which of them stand already and what to mend; it works for %(days)s days without "
            "signing in. A record that exists already with another value is explained there."
        )
        % {"days": VALID_FOR.days},
    ]
    return Letter(
        subject=_("DNS records for %(name)s") % who,
        paragraphs=tuple(paragraphs),
        reason=_("You get this once, because somebody at %(account)s entered your address.") % who,
        action=_("See the records and their state"),
        url=settings.SITE_URL + setup_path(domain),
        facts=tuple(_fact(record) for record in domain.dns_records.select_related("domain")),
    )


def _fact(record: DnsRecord) -> tuple[str, str]:
    optional = "" if record.required else f" ({_('optional')})"
    return f"{record.type} {record.fqdn}{optional}", record.value


def _send(letter: EmailMessage, domain_id: int) -> None:
    try:
        letter.send()
    except Exception as problem:  # whatever a mail backend raises
        log.error("letter_lost", kind=ACTION, domain_id=domain_id, problem=type(problem).__name__)
