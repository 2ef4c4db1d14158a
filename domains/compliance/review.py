"""The rows of reviews: beginning one, and each step that one takes. The only writer of ComplianceReview."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from domains.models import ComplianceReview, SendingDomain
from mailtrap_site.wake import nudge

State = ComplianceReview.State
OPEN_STATES = (State.AUTOMATIC, State.QUESTIONS, State.CARD, State.MANUAL)
TASK = "domains.review"


def begin(domain: SendingDomain) -> ComplianceReview:
    """The domain's open review, made on the caller's transaction if there is none; the rules look after the commit."""
    # Of two who begin at once the constraint lets one make it.
    ComplianceReview.objects.bulk_create([ComplianceReview(domain=domain)], ignore_conflicts=True)
    return wake(ComplianceReview.objects.get(domain=domain, state__in=OPEN_STATES))


def wake(review: ComplianceReview) -> ComplianceReview:
    """Asks a worker to look at a review whose turn is the rules'; a sweep finds those whose nudge was lost."""
    if review.state == State.AUTOMATIC:
        nudge(TASK, queue="upkeep")
    return review


def last_of(domain: SendingDomain) -> ComplianceReview | None:
    """The one that counts."""
    return domain.reviews.order_by("-pk").first()


def open_reviews() -> QuerySet[ComplianceReview]:
    """Of domains that still stand, the longest waiting first."""
    standing = ComplianceReview.objects.filter(state__in=OPEN_STATES, domain__deleted_at=None)
    return standing.select_related("domain__account").order_by("state_since", "pk")


def move(review: ComplianceReview, state: State, *, seen: datetime, **columns: Any) -> bool:
    """One step of an open review; False when it has taken another since `seen`, its `state_since` as the actor saw it.

    The caller's transaction holds the domain's row. `review` is made to show what stands now.
    """
    waiting = ComplianceReview.objects.filter(pk=review.pk, state__in=OPEN_STATES, state_since=seen)
    moved = waiting.update(state=state, state_since=timezone.now(), **columns)
    review.refresh_from_db()
    return bool(moved)


def reopen(old: ComplianceReview, exchanges: list[dict[str, str]]) -> ComplianceReview:
    """Another review of a rejected domain, for staff at once, with what the old one knows and these exchanges."""
    return ComplianceReview.objects.create(
        domain=old.domain,
        state=State.MANUAL,
        findings=old.findings,
        score=old.score,
        answers=old.answers,
        answered_at=old.answered_at,
        exchanges=exchanges,
    )
