"""The one writer of `SendingDomain.compliance_status`: derived from facts whenever one of them has changed.

That a domain is suspended is a fact which the status itself keeps; `suspend` and `lift_suspension` write it. One other
place writes the same status that follows here: `domains.allowance`, where the last email of a demo domain is accepted.
"""

from dataclasses import dataclass

from django.utils import timezone

from domains.compliance import review
from domains.models import CompanyInfo, ComplianceReview, SendingDomain

Compliance = SendingDomain.Compliance
State = ComplianceReview.State


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the status depends on; `review` is the state of the last review, empty without one."""

    suspended: bool
    verified: bool
    approved: bool
    has_company_info: bool
    review: str
    demo: bool = False
    demo_used_up: bool = False


def derived(facts: Facts) -> Compliance:
    """The contract's status. What the owner has to do first comes first."""
    if facts.suspended:
        return Compliance.SUSPENDED
    if facts.demo:
        return Compliance.DEMO_EXHAUSTED if facts.demo_used_up else Compliance.DEMO
    if facts.review == State.REJECTED:
        return Compliance.NON_COMPLIANT
    if not facts.verified:
        return Compliance.UNVERIFIED_DNS
    if facts.approved:
        return Compliance.COMPLIANT
    if not facts.has_company_info:
        return Compliance.MISSING_COMPANY_INFO
    return _OF_REVIEWS.get(facts.review, Compliance.UNDER_REVIEW)


_OF_REVIEWS = {
    State.QUESTIONS.value: Compliance.AWAITING_QUESTIONNAIRE,
    State.CARD.value: Compliance.AWAITING_CARD_VERIFICATION,
}


def refresh(domain: SendingDomain) -> Compliance:
    """Write what follows from the facts, on the caller's transaction, which holds the domain's row. A domain that comes
    under review gets one. Tells nobody."""
    status = derived(_facts(domain))
    if status != domain.compliance_status:
        _write(domain, compliance_status=status)
    if status == Compliance.UNDER_REVIEW:
        review.begin(domain)
    return status


def let_send(domain: SendingDomain) -> Compliance:
    """Compliance has approved it, for good."""
    if domain.approved_at is None:
        _write(domain, approved_at=timezone.now())
    return refresh(domain)


def suspend(domain: SendingDomain, reason: str) -> bool:
    """Stop a domain whatever else stands; False when it is stopped already."""
    running = SendingDomain.objects.filter(pk=domain.pk, deleted_at=None).exclude(
        compliance_status=Compliance.SUSPENDED
    )
    columns = {
        "compliance_status": Compliance.SUSPENDED,
        "suspended_at": timezone.now(),
        "suspension_reason": reason,
    }
    if not running.update(**columns):
        return False
    domain.refresh_from_db(fields=list(columns))
    return True


def lift_suspension(domain: SendingDomain) -> bool:
    """The status is again what the other facts say; False when the domain is not suspended."""
    suspended = SendingDomain.objects.filter(pk=domain.pk, deleted_at=None, compliance_status=Compliance.SUSPENDED)
    columns = {"compliance_status": Compliance.UNVERIFIED_DNS, "suspended_at": None, "suspension_reason": ""}
    if not suspended.update(**columns):
        return False
    domain.refresh_from_db(fields=list(columns))
    refresh(domain)
    return True


def _facts(domain: SendingDomain) -> Facts:
    last = review.last_of(domain)
    return Facts(
        suspended=domain.compliance_status == Compliance.SUSPENDED,
        verified=domain.dns_verified_at is not None,
        approved=domain.approved_at is not None or domain.account.is_platform,
        has_company_info=CompanyInfo.objects.filter(account=domain.account_id).exists(),
        review=last.state if last else "",
        demo=domain.is_demo,
        demo_used_up=domain.demo_emails_left == 0,
    )


def _write(domain: SendingDomain, **columns: object) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(**columns)
    for name, value in columns.items():
        setattr(domain, name, value)
