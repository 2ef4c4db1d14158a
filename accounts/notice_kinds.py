"""Every kind of news that the service tells people, in one table; a test holds it against the code that tells them."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Role

SENDERS = frozenset({Role.OWNER, Role.ADMIN})
OWNERS = frozenset({Role.OWNER})
PAYERS = frozenset({Role.OWNER, Role.BILLING})
OF_A_DOMAIN = SENDERS | {Role.LIMITED}
"""Somebody limited is told of the domains that they administer."""
EVERYBODY = frozenset(Role)


class Topic(StrEnum):
    """Under which heading the preferences show a kind."""

    DOMAINS = "domains"
    SENDING = "sending"
    MONEY = "money"
    ACCOUNT = "account"
    SECURITY = "security"


TOPICS: dict[Topic, Promise] = {
    Topic.DOMAINS: _("Domains"),
    Topic.SENDING: _("Sending"),
    Topic.MONEY: _("Usage and payment"),
    Topic.ACCOUNT: _("Account"),
    Topic.SECURITY: _("Your own sign-in"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """`readers` are the roles that are told; `may_stop`: the letter may be stopped, the news in the dashboard never."""

    topic: Topic
    words: Promise
    readers: frozenset[Role] = SENDERS
    may_stop: bool = False


KINDS: dict[str, Kind] = {
    "domain.verified": Kind(Topic.DOMAINS, _("A domain is verified"), OF_A_DOMAIN, may_stop=True),
    "domain.approved": Kind(Topic.DOMAINS, _("A domain is approved"), OF_A_DOMAIN, may_stop=True),
    "domain.reviewed": Kind(Topic.DOMAINS, _("A person looks at a domain"), OF_A_DOMAIN, may_stop=True),
    "domain.questioned": Kind(Topic.DOMAINS, _("We have questions about a domain"), OF_A_DOMAIN),
    "domain.card_asked": Kind(Topic.DOMAINS, _("We ask for a payment before a domain may send"), OF_A_DOMAIN),
    "domain.rejected": Kind(Topic.DOMAINS, _("A domain is not approved"), OF_A_DOMAIN),
    "domain.suspended": Kind(Topic.DOMAINS, _("A domain is suspended"), OF_A_DOMAIN),
    "domain.released": Kind(Topic.DOMAINS, _("A domain is released"), OF_A_DOMAIN, may_stop=True),
    "domain.records_gone": Kind(Topic.DOMAINS, _("Records of a domain are gone"), OF_A_DOMAIN),
    "domain.records_still_gone": Kind(Topic.DOMAINS, _("Records of a domain are still gone"), OF_A_DOMAIN),
    "domain.records_back": Kind(Topic.DOMAINS, _("Records of a domain are back"), OF_A_DOMAIN, may_stop=True),
    "domain.unverified": Kind(Topic.DOMAINS, _("A domain may no longer send"), OF_A_DOMAIN),
    "domain.verified_elsewhere": Kind(Topic.DOMAINS, _("Another account has verified a domain of yours"), OF_A_DOMAIN),
    "dkim_key.replaced": Kind(Topic.DOMAINS, _("A signing key was replaced"), OF_A_DOMAIN, may_stop=True),
    "stream.warned": Kind(Topic.SENDING, _("A stream is about to be suspended"), OF_A_DOMAIN),
    "stream.suspended": Kind(Topic.SENDING, _("A stream is suspended"), OF_A_DOMAIN),
    "stream.released": Kind(Topic.SENDING, _("A suspended stream may send again"), OF_A_DOMAIN, may_stop=True),
    "webhook.paused": Kind(Topic.SENDING, _("A webhook was paused"), OF_A_DOMAIN),
    "log_export.ready": Kind(Topic.SENDING, _("An export that you asked for is ready"), EVERYBODY, may_stop=True),
    "usage.alert": Kind(Topic.MONEY, _("80, 90 and 100 % of a period’s emails are used"), PAYERS, may_stop=True),
    "payment.failed": Kind(Topic.MONEY, _("A payment failed"), PAYERS),
    "payment.made": Kind(Topic.MONEY, _("A late payment arrived"), PAYERS, may_stop=True),
    "plan.ended": Kind(Topic.MONEY, _("A plan has ended"), PAYERS),
    "request.granted": Kind(Topic.ACCOUNT, _("A request to support was granted"), PAYERS, may_stop=True),
    "request.declined": Kind(Topic.ACCOUNT, _("A request to support was declined"), PAYERS, may_stop=True),
    "request.answered": Kind(Topic.ACCOUNT, _("Support answered a question about an email"), EVERYBODY, may_stop=True),
    "archive.ready": Kind(Topic.ACCOUNT, _("An archive that you asked for is ready"), may_stop=True),
    "account.owners_changed": Kind(Topic.ACCOUNT, _("The account has other owners"), EVERYBODY),
    "membership.joined": Kind(Topic.ACCOUNT, _("Somebody joined the account"), OWNERS, may_stop=True),
    "membership.left": Kind(Topic.ACCOUNT, _("Somebody left the account"), OWNERS, may_stop=True),
    "membership.no_seat": Kind(Topic.ACCOUNT, _("Somebody could not join: all seats are taken"), OWNERS, may_stop=True),
    "membership.changed": Kind(Topic.ACCOUNT, _("What you may do in the account was changed"), EVERYBODY),
    "membership.removed": Kind(Topic.ACCOUNT, _("You no longer belong to an account"), EVERYBODY),
    "account.closing": Kind(Topic.ACCOUNT, _("The account is to be closed"), OWNERS),
    "account.kept_open": Kind(Topic.ACCOUNT, _("The account stays open after all"), OWNERS),
    "account.suspended": Kind(Topic.ACCOUNT, _("The account is suspended")),
    "account.banned": Kind(Topic.ACCOUNT, _("The account is banned")),
    "account.let_go": Kind(Topic.ACCOUNT, _("The account no longer shares a plan"), PAYERS),
    "account.released": Kind(Topic.ACCOUNT, _("The account may send again")),
    "account.limit_raised": Kind(Topic.ACCOUNT, _("A new account may send more an hour"), may_stop=True),
    "api_token.ends": Kind(Topic.SECURITY, _("An API token ends soon")),
    "api_token.ended": Kind(Topic.SECURITY, _("An API token has ended")),
    "api_token.leaked": Kind(Topic.SECURITY, _("An API token was found in public and ended")),
    "two_factor.required": Kind(Topic.SECURITY, _("An account asks for a second factor"), EVERYBODY),
    "user.new_browser": Kind(Topic.SECURITY, _("A sign-in from a browser that we do not know"), EVERYBODY),
    "user.password_changed": Kind(Topic.SECURITY, _("Your password was changed"), EVERYBODY),
    "user.email_changed": Kind(Topic.SECURITY, _("Your email address was changed"), EVERYBODY),
    "user.second_factor_changed": Kind(Topic.SECURITY, _("Your second factor was changed"), EVERYBODY),
}


def may_stop(kind: str) -> bool:
    """Whether somebody may want no letters of this kind; never of one that the table does not know."""
    return kind in KINDS and KINDS[kind].may_stop


def kinds_for(role: Role) -> dict[Topic, list[tuple[str, Kind]]]:
    """What this role is told about an account, by topic."""
    found: dict[Topic, list[tuple[str, Kind]]] = {}
    for name, kind in KINDS.items():
        if role in kind.readers and kind.topic is not Topic.SECURITY:
            found.setdefault(kind.topic, []).append((name, kind))
    return found
