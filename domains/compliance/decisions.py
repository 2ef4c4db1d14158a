"""What staff decide about a domain: each act has a reason, stands in the audit log, and is written to the account.

Every act says what its actor saw (`seen`, the review's `state_since`) and does nothing when somebody was quicker.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from domains.compliance import letters, review, status
from domains.compliance.automatic import locked
from domains.models import ComplianceReview, SendingDomain

State = ComplianceReview.State


def approve(
    row: ComplianceReview, reason: str, staff: User, *, seen: datetime, request: HttpRequest | None = None
) -> bool:
    """The domain may send whenever its records stand."""
    return _decide(row, State.APPROVED, "domain.approved", reason, staff, seen, request, after=status.let_send)


def reject(
    row: ComplianceReview, reason: str, staff: User, *, seen: datetime, request: HttpRequest | None = None
) -> bool:
    """The domain may not send; the customer may ask once for another look."""
    return _decide(row, State.REJECTED, "domain.rejected", reason, staff, seen, request)


def ask(
    row: ComplianceReview, question: str, staff: User, *, seen: datetime, request: HttpRequest | None = None
) -> bool:
    """A question of staff's own; the answer comes back to them."""
    return _decide(row, State.QUESTIONS, "domain.questioned", question, staff, seen, request)


def ask_for_card(
    row: ComplianceReview, reason: str, staff: User, *, seen: datetime, request: HttpRequest | None = None
) -> bool:
    """The review waits for a paid invoice and comes back to staff then."""
    return _decide(row, State.CARD, "domain.card_asked", reason, staff, seen, request)


@transaction.atomic
def look_again(
    domain: SendingDomain, reason: str, staff: User, *, request: HttpRequest | None = None
) -> ComplianceReview | None:
    """Another review of a rejected domain, without being asked; None when there is nothing to look at again."""
    held = locked(domain.pk)
    last = review.last_of(held) if held else None
    if held is None or last is None or last.state != State.REJECTED:
        return None
    opened = review.reopen(last, last.exchanges)
    _record("review.reopened", held, staff, reason, request)
    status.refresh(held)
    letters.tell(held, "domain.reviewed")
    return opened


@transaction.atomic
def suspend(domain: SendingDomain, reason: str, staff: User, *, request: HttpRequest | None = None) -> bool:
    """Mail of the domain is accepted and held from now on; False when it is suspended already."""
    held = locked(domain.pk)
    if held is None or not status.suspend(held, reason):
        return False
    _record("domain.suspended", held, staff, reason, request)
    letters.tell(held, "domain.suspended", reason)
    return True


@transaction.atomic
def release(domain: SendingDomain, reason: str, staff: User, *, request: HttpRequest | None = None) -> bool:
    """Ends a suspension; False when there is none."""
    held = locked(domain.pk)
    if held is None or not status.lift_suspension(held):
        return False
    _record("domain.released", held, staff, reason, request)
    letters.tell(held, "domain.released", reason)
    return True


_ACTIONS = {
    State.APPROVED: "review.approved",
    State.REJECTED: "review.rejected",
    State.QUESTIONS: "review.asked",
    State.CARD: "review.card_asked",
}


@transaction.atomic
def _decide(
    row: ComplianceReview,
    state: State,
    letter: str,
    reason: str,
    staff: User,
    seen: datetime,
    request: HttpRequest | None,
    after: Callable[[SendingDomain], object] = status.refresh,
) -> bool:
    domain = locked(row.domain_id)
    before = row.state
    if domain is None or not review.move(row, state, seen=seen, **_columns(state, reason, staff)):
        return False
    _record(_ACTIONS[state], domain, staff, reason, request, state={"from": before, "to": row.state})
    after(domain)
    letters.tell(domain, letter, reason)
    return True


def _columns(state: State, reason: str, staff: User) -> dict[str, Any]:
    if state == State.QUESTIONS:
        return {"question": reason}
    columns: dict[str, Any] = {"reason": reason}
    if state in (State.APPROVED, State.REJECTED):
        columns |= {"decided_by": staff, "decided_at": timezone.now()}
    return columns


def _record(
    action: str, domain: SendingDomain, staff: User, reason: str, request: HttpRequest | None, **changes: Any
) -> None:
    changes["reason"] = {"from": "", "to": reason}
    audit.record(
        action, account=domain.account, actor=staff, target=domain, changes=changes, request=request, by_staff=True
    )
