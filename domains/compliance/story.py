"""Where a domain stands with compliance, as its customer reads it: what is so, since when, and what happens next."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from domains.compliance import review
from domains.compliance.rulebook import for_customer, rule_book
from domains.models import ComplianceReview, SendingDomain
from domains.names import display_name

Compliance = SendingDomain.Compliance
State = ComplianceReview.State


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    happens: str
    icon: str
    tone: str


_STATUSES = {
    Compliance.DEMO: _Words(
        gettext_noop("%(name)s is your demo domain"),
        gettext_noop("It needs no review, because its mail reaches the owner of the account alone."),
        "mail",
        "accent",
    ),
    Compliance.DEMO_EXHAUSTED: _Words(
        gettext_noop("The demo emails of %(name)s are used up"),
        gettext_noop("Add a domain of your own to send on."),
        "pause",
        "warn",
    ),
    Compliance.UNVERIFIED_DNS: _Words(
        gettext_noop("%(name)s is looked at once its records stand"),
        gettext_noop("Publish its DNS records. The review begins by itself as soon as we find them all."),
        "clock",
        "neutral",
    ),
    Compliance.MISSING_COMPANY_INFO: _Words(
        gettext_noop("%(name)s waits for your sender information"),
        gettext_noop("Say who stands behind the mail, once for all your domains. The review begins when you save it."),
        "person",
        "warn",
    ),
    Compliance.UNDER_REVIEW: _Words(
        gettext_noop("%(name)s is under review"),
        gettext_noop("The rules look at it, which takes about two minutes. You may close this page: we write to you."),
        "clock",
        "accent",
    ),
    Compliance.AWAITING_QUESTIONNAIRE: _Words(
        gettext_noop("%(name)s waits for your answers"),
        gettext_noop("Answer below; the review goes on as soon as you send it. Until then %(name)s may not send."),
        "question",
        "warn",
    ),
    Compliance.AWAITING_CARD_VERIFICATION: _Words(
        gettext_noop("%(name)s waits for a payment by card"),
        gettext_noop("Choose a paid plan. Once the first invoice is paid, the review goes on by itself."),
        "card",
        "warn",
    ),
    Compliance.NON_COMPLIANT: _Words(
        gettext_noop("%(name)s is not approved"),
        gettext_noop("Mail from %(name)s is refused."),
        "barred",
        "bad",
    ),
    Compliance.COMPLIANT: _Words(
        gettext_noop("%(name)s is approved"),
        gettext_noop("Nothing is left to do. We write to you if this ever changes, and say why."),
        "tick-circle",
        "good",
    ),
    Compliance.SUSPENDED: _Words(
        gettext_noop("%(name)s is suspended"),
        gettext_noop("Mail from %(name)s is accepted and held. Write to support once the cause is gone."),
        "barred",
        "bad",
    ),
}
_STAFF_LOOK = gettext_noop(
    "A person of our staff reads it, usually within %(staff_take)s. You need not do anything; we write to you."
)
_RECORDS_GONE = gettext_noop("It was approved, and may send again as soon as its DNS records are back.")
_APPEALABLE = gettext_noop("If you think that this is wrong, say why below and a person looks again.")
_FINAL = gettext_noop("A person has looked at it twice, so this decision stands.")


@dataclass(frozen=True, slots=True)
class Story:
    """`why` are the reasons that may be told, `reason` is what a person or the rules wrote with the decision."""

    title: str
    happens: str
    icon: str
    tone: str
    word: str
    since: datetime | None
    reason: str
    why: list[str]
    last: ComplianceReview | None


def story(domain: SendingDomain, *, may_appeal: bool) -> Story:
    """Of the domain as it stands; two questions to the database."""
    last = review.last_of(domain)
    status = Compliance(domain.compliance_status)
    words = _STATUSES[status]
    values = {"name": display_name(domain.name), "staff_take": _(rule_book().staff_take)}
    tells_why = last is not None and last.state not in (State.AUTOMATIC, State.APPROVED)
    return Story(
        title=_(words.title) % values,
        happens=_(_happens(domain, status, last, may_appeal=may_appeal)) % values,
        icon=words.icon,
        tone=words.tone,
        word=str(status.label),
        since=_since(domain, status, last),
        reason=_reason(domain, status, last),
        why=for_customer(last.findings) if last is not None and tells_why else [],
        last=last,
    )


def _happens(domain: SendingDomain, status: Compliance, last: ComplianceReview | None, *, may_appeal: bool) -> str:
    if status == Compliance.UNDER_REVIEW and last is not None and last.state == State.MANUAL:
        return _STAFF_LOOK
    if status == Compliance.UNVERIFIED_DNS and domain.approved_at is not None:
        return _RECORDS_GONE
    if status == Compliance.NON_COMPLIANT:
        return _APPEALABLE if may_appeal else _FINAL
    return _STATUSES[status].happens


def _since(domain: SendingDomain, status: Compliance, last: ComplianceReview | None) -> datetime | None:
    if status == Compliance.SUSPENDED:
        return domain.suspended_at
    if status == Compliance.COMPLIANT:
        return domain.approved_at
    if status == Compliance.MISSING_COMPANY_INFO:
        return domain.dns_verified_at
    return last.state_since if last is not None and status != Compliance.UNVERIFIED_DNS else None


def _reason(domain: SendingDomain, status: Compliance, last: ComplianceReview | None) -> str:
    if status == Compliance.SUSPENDED:
        return domain.suspension_reason
    if last is None or last.state == State.QUESTIONS:
        return ""
    return last.reason if last.state in (State.CARD, State.REJECTED) or last.decided_by_id else ""
