"""The one writer of `SendingDomain.compliance_status`: derived from facts whenever one of them has changed."""

from dataclasses import dataclass

from domains.models import ComplianceReview, SendingDomain

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
    demo_emails_left: int | None = None
    """Of a demo domain; None for all others."""


def derived(facts: Facts) -> str:
    """The contract's status. What the owner has to do first comes first."""
    if facts.suspended:
        return Compliance.SUSPENDED
    if facts.demo_emails_left is not None:
        return Compliance.DEMO if facts.demo_emails_left else Compliance.DEMO_EXHAUSTED
    if facts.review == State.REJECTED:
        return Compliance.NON_COMPLIANT
    if not facts.verified:
        return Compliance.UNVERIFIED_DNS
    if facts.approved:
        return Compliance.COMPLIANT
    if not facts.has_company_info:
        return Compliance.MISSING_COMPANY_INFO
    if facts.review == State.QUESTIONS:
        return Compliance.AWAITING_QUESTIONNAIRE
    return Compliance.UNDER_REVIEW
