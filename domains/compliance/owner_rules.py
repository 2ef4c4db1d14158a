"""What is known of the owner: mailboxes, website, blocklists, what was stopped before, and the answers. Pure."""

from collections.abc import Iterator, Sequence

from accounts.disposable import is_disposable
from domains.compliance.case import Ban, Case, Found
from domains.compliance.registered import registered_name
from domains.names import mailbox_provider

YOUNG_DAYS = 2
MANY_DOMAINS = 3
FULL_ANSWER_LETTERS = 80
"""In all free answers together, so that a sentence each is enough."""
WITHOUT_CONSENT, LARGE = "other", "more"
"""The choices of questions.toml that rules know."""


def look_at_mailboxes(case: Case) -> Iterator[Found]:
    """The owners' addresses: one throw-away mailbox counts, free mailboxes only where there is nothing else."""
    if throw_away := next((name for name in case.owner_domains if is_disposable(name)), ""):
        yield "owner_disposable", {"domain": throw_away}
    elif case.owner_domains and all(mailbox_provider(name) for name in case.owner_domains):
        yield "owner_free_mailbox", {"domain": case.owner_domains[0]}


def look_at_website(case: Case) -> Iterator[Found]:
    """Whether the website is the owner's own."""
    host = case.website_host
    if not host:
        return
    if is_disposable(host):
        yield "website_disposable", {"host": host}
    elif mailbox_provider(host):
        yield "website_free_mailbox", {"host": host}
    elif registered_name(host) != registered_name(case.domain):
        yield "website_elsewhere", {"host": host}


def look_at_blocklists(case: Case) -> Iterator[Found]:
    """Each list that names the domain, and each that did not answer."""
    for listing in case.listings:
        if listing.answer:
            yield "blocklisted", {"name": listing.name, "list": listing.blocklist, "answer": listing.answer}
    for silent in sorted({listing.blocklist for listing in case.listings if not listing.answer}):
        yield "blocklist_silent", {"list": silent}


def look_at_bans(case: Case) -> Iterator[Found]:
    """What was suspended or rejected under this name, or in this account."""
    for kind, rule in (("suspended", "banned_name"), ("rejected", "rejected_name")):
        if ban := next((one for one in case.bans_of_name if one.kind == kind), None):
            yield rule, {"name": ban.name, "id": ban.domain_id, "reason": ban.reason}
    if case.bans_of_account:
        yield "banned_account", {"names": _names(case.bans_of_account)}


def look_at_standing(case: Case) -> Iterator[Found]:
    """What the account has done so far."""
    if case.account_age.days < YOUNG_DAYS and case.account_domains >= MANY_DOMAINS:
        hours = int(case.account_age.total_seconds() // 3600)
        yield "many_new_domains", {"hours": hours, "count": case.account_domains}
    if case.has_approved_sibling:
        yield "known_name", {"name": registered_name(case.domain)}


def look_at_answers(case: Case) -> Iterator[Found]:
    """The questionnaire, once it is answered."""
    if not case.answers:
        return
    letters = sum(len(case.answers.get(code, "").strip()) for code in ("purpose", "recipients"))
    without_consent = case.answers.get("consent") == WITHOUT_CONSENT
    if without_consent:
        yield "bought_addresses", {}
    if case.answers.get("volume") == LARGE and case.account_age.days < 30:
        yield "large_volume", {"days": case.account_age.days}
    if letters < FULL_ANSWER_LETTERS:
        yield "short_answers", {"letters": letters}
    elif not without_consent:
        yield "full_answers", {}


def _names(bans: Sequence[Ban]) -> str:
    return ", ".join(sorted({ban.name for ban in bans}))
