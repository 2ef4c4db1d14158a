"""The automatic review: the rules look at a domain and approve it, ask its owner, or hand it to staff.

Blocklists are asked before the transaction. Two workers may look at the same review; the first one's step stands.
"""

import time

import structlog
from django.db import transaction
from django.utils import timezone

from accounts import audit
from billing.models import Invoice
from domains.compliance import blocklists, letters, review, status
from domains.compliance.case import Listing
from domains.compliance.gathering import case_of
from domains.compliance.rulebook import Judgement, Outcome, for_customer, judge, rule_book
from domains.models import ComplianceReview, SendingDomain

log = structlog.get_logger(__name__)

State = ComplianceReview.State
AT_ONCE = 50


def review_waiting(seconds: float = 20.0) -> int:
    """Take the reviews whose turn is the rules', and those whose card was paid with, one step on, for about so many
    seconds; returns how many."""
    until = time.monotonic() + seconds
    moved = sum(_card_was_paid_with(one) for one in review.open_reviews().filter(state=State.CARD)[:AT_ONCE])
    for one in review.open_reviews().filter(state=State.AUTOMATIC)[:AT_ONCE]:
        if time.monotonic() > until:
            break
        moved += look(one)
    return moved


def look(row: ComplianceReview) -> bool:
    """One automatic review; False when its turn is no longer the rules'. May take some seconds where blocklists are
    asked."""
    listings = blocklists.ask(row.domain.name)
    with transaction.atomic():
        domain = locked(row.domain_id)
        return domain is not None and row.state == State.AUTOMATIC and _judge(domain, row, listings)


def locked(domain_id: int) -> SendingDomain | None:
    """The domain with its row held until the transaction ends, so that steps of its review follow one another."""
    rows = SendingDomain.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    return rows.filter(pk=domain_id, deleted_at=None).first()


_STEPS = {
    Outcome.APPROVE: (State.APPROVED, "domain.approved"),
    Outcome.ASK: (State.QUESTIONS, "domain.questioned"),
    Outcome.MANUAL: (State.MANUAL, "domain.reviewed"),
    Outcome.REJECT: (State.REJECTED, "domain.rejected"),
}


def _judge(domain: SendingDomain, row: ComplianceReview, listings: tuple[Listing, ...]) -> bool:
    now = timezone.now()
    judgement = judge(case_of(domain, row.answers, listings, now), rule_book())
    state, letter = _STEPS[judgement.outcome]
    findings = [finding.stored for finding in judgement.findings]
    reason = " ".join(for_customer(findings)) if state == State.REJECTED else ""
    decided = {"decided_at": now, "reason": reason} if state in (State.APPROVED, State.REJECTED) else {}
    if not review.move(row, state, seen=row.state_since, findings=findings, score=judgement.score, **decided):
        return False
    _record(domain, row, judgement)
    if state == State.APPROVED:
        status.let_send(domain)
    else:
        status.refresh(domain)
    letters.tell(domain, letter, reason)
    return True


def _record(domain: SendingDomain, row: ComplianceReview, judgement: Judgement) -> None:
    changes = {
        "state": {"from": State.AUTOMATIC.value, "to": row.state},
        "score": {"from": None, "to": judgement.score},
        "rules": {"from": None, "to": ", ".join(finding.rule for finding in judgement.findings)},
    }
    audit.record("review.judged", account=domain.account, target=domain, changes=changes, actor_name="compliance rules")
    log.info("review_judged", domain_id=domain.pk, review_id=row.pk, outcome=row.state, score=judgement.score)


@transaction.atomic
def _card_was_paid_with(row: ComplianceReview) -> bool:
    """Back to staff once the account, or the organisation that pays for it, has paid an invoice."""
    payer_id = row.domain.account.payer_id
    if not Invoice.objects.filter(account=payer_id, status=Invoice.Status.PAID, paid_cents__gt=0).exists():
        return False
    domain = locked(row.domain_id)
    if domain is None or not review.move(row, State.MANUAL, seen=row.state_since):
        return False
    changes = {"state": {"from": State.CARD.value, "to": row.state}}
    audit.record("review.card_checked", account=domain.account, target=domain, changes=changes)
    status.refresh(domain)
    letters.tell(domain, "domain.reviewed")
    return True
