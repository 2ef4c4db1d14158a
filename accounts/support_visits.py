"""Staff look into an account as a viewer does, for half an hour and a reason; nothing can be changed meanwhile.

The account's people read in their audit log when a visit began and when it ended.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, content_pass
from accounts.models import Account, Membership, Role, SupportVisit, User

LASTS = timedelta(minutes=30)
PERMISSION = "accounts.add_supportvisit"
MOST = 200
"""Visits that one run ends."""
_SESSION = "support_visit"


def begin(account: Account, reason: str, request: HttpRequest) -> SupportVisit:
    """The signed-in member of staff visits the account from now on; another visit of theirs ends."""
    staff = request.user
    assert isinstance(staff, User)
    now = timezone.now()
    with transaction.atomic():
        # Of two at once the second waits here, and ends what the first began.
        User.objects.select_for_update(no_key=True).get(pk=staff.pk)
        for other in SupportVisit.objects.filter(staff=staff, ended_at=None).select_related("account", "staff"):
            _end(other, now, request)
        visit = SupportVisit.objects.create(
            account=account, staff=staff, reason=reason, started_at=now, ends_at=now + LASTS
        )
        changes = {"reason": {"from": "", "to": reason}, "ends_at": {"from": "", "to": visit.ends_at.isoformat()}}
        audit.record(
            "support.visit_began", account=account, target=account, changes=changes, request=request, by_staff=True
        )
    request.session[_SESSION] = visit.pk
    return visit


def end(request: HttpRequest) -> SupportVisit | None:
    """Ends the visit of this session; None where there is none."""
    visit_id = request.session.pop(_SESSION, None)
    if visit_id is None:
        return None
    visit = SupportVisit.objects.select_related("account", "staff").filter(pk=visit_id, staff=request.user.pk).first()
    if visit is not None:
        with transaction.atomic():
            _end(visit, timezone.now(), request)
    return visit


def end_overdue(now: datetime) -> int:
    """Ends the visits whose time is over; how many."""
    overdue = SupportVisit.objects.filter(ended_at=None, ends_at__lte=now).select_related("account", "staff")
    ended = 0
    for visit in overdue.order_by("ends_at")[:MOST]:
        with transaction.atomic():
            ended += _end(visit, visit.ends_at, None)
    return ended


def of_request(request: HttpRequest) -> SupportVisit | None:
    """The visit that this session is on; None where there is none, its time is over, or the right was taken away."""
    visit_id = request.session.get(_SESSION) if hasattr(request, "session") else None
    if visit_id is None:
        return None
    if not hasattr(request, "_support_visit"):
        request._support_visit = _standing(request.user, visit_id)  # type: ignore[attr-defined]
    found: SupportVisit | None = request._support_visit  # type: ignore[attr-defined]
    return found


def membership_of(request: HttpRequest, account_id: int) -> Membership | None:
    """What a visitor may see of this account: a viewer's rights, unsaved; content only by the account's pass."""
    visit = of_request(request)
    if visit is None or visit.account_id != account_id:
        return None
    reads = content_pass.stands(visit.account, timezone.now())
    return Membership(account=visit.account, user=visit.staff, role=Role.VIEWER, sees_content=reads)


def _standing(user: object, visit_id: int) -> SupportVisit | None:
    if not isinstance(user, User) or not user.is_active or not user.is_staff or not user.has_perm(PERMISSION):
        return None
    standing = SupportVisit.objects.filter(pk=visit_id, staff=user, ended_at=None, ends_at__gt=timezone.now())
    return standing.select_related("account", "staff").first()


def _end(visit: SupportVisit, at: datetime, request: HttpRequest | None) -> bool:
    """Whether it had not ended before."""
    if not SupportVisit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=at):
        return False
    audit.record(
        "support.visit_ended",
        account=visit.account,
        actor=visit.staff,
        target=visit.account,
        changes={"ended_at": {"from": visit.ends_at.isoformat(), "to": at.isoformat()}},
        request=request,
        by_staff=True,
    )
    return True
