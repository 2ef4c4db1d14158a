"""What the customer says in a review: answers to its questions, and why a rejection is wrong."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from domains.compliance import review, status
from domains.compliance.automatic import locked
from domains.models import ComplianceReview, SendingDomain

State = ComplianceReview.State
MOST_APPEALS = 1
"""A second rejection is final; staff can still look again by themselves."""


def answer(
    row: ComplianceReview,
    answers: Mapping[str, str],
    reply: str = "",
    *,
    seen: datetime,
    user: User | None = None,
    request: HttpRequest | None = None,
) -> bool:
    """`answers` to the questionnaire (empty where it was answered before) and the `reply` to staff's own question.

    Staff's question goes back to staff; otherwise the rules look again. False when the review moved on since `seen`.
    """
    now = timezone.now()
    columns: dict[str, Any] = {"answered_at": now, "question": ""}
    if answers:
        columns["answers"] = dict(answers)
    if row.question:
        columns["exchanges"] = [*row.exchanges, _exchange(row.question, reply, now)]
    state = State.MANUAL if row.question else State.AUTOMATIC
    with transaction.atomic():
        domain = locked(row.domain_id)
        if domain is None or row.state != State.QUESTIONS or not review.move(row, state, seen=seen, **columns):
            return False
        changes = {"state": {"from": State.QUESTIONS.value, "to": row.state}}
        audit.record(
            "review.answered", account=domain.account, actor=user, target=domain, changes=changes, request=request
        )
        status.refresh(domain)
    return True


def may_appeal(last: ComplianceReview | None) -> bool:
    """Whether the customer can have a person look again."""
    if last is None or last.state != State.REJECTED:
        return False
    return last.domain.reviews.filter(state=State.REJECTED).count() <= MOST_APPEALS


def appeal(domain: SendingDomain, why: str, *, user: User | None = None, request: HttpRequest | None = None) -> bool:
    """A person looks at a rejection again; False when it cannot be asked for."""
    with transaction.atomic():
        held = locked(domain.pk)
        last = review.last_of(held) if held else None
        if held is None or last is None or not may_appeal(last):
            return False
        said = [*last.exchanges, _exchange("", why, timezone.now())]
        review.reopen(last, exchanges=said)
        changes = {"reason": {"from": "", "to": why}}
        audit.record("review.appealed", account=held.account, actor=user, target=held, changes=changes, request=request)
        status.refresh(held)
    return True


def _exchange(question: str, reply: str, now: datetime) -> dict[str, str]:
    """Without a question it is what the customer said by themselves."""
    return {"question": question, "answer": reply, "answered_at": now.isoformat()}
