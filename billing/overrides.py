"""Exceptions from a plan's terms that staff or a rule grant and take back: the only writer of QuotaOverride."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from billing.models import QuotaOverride
from billing.subscriptions import MAKE_ROOM
from mailtrap_site import wake

Term = QuotaOverride.Term
ALWAYS_LIMITED = frozenset({Term.LOG_DAYS})
"""Terms that cannot be without a limit: what is kept has to end some day."""
MOST_LOG_DAYS = 365
MOST = 10**12
"""Above this a number is a slip of the hand; "no limit" has a value of its own."""


def grant(
    account: Account,
    term: QuotaOverride.Term,
    value: int | None,
    reason: str,
    author: User | None,
    starts_at: datetime,
    ends_at: datetime | None = None,
    *,
    rule: str = "",
) -> QuotaOverride:
    """From `starts_at` to `ends_at` the account has this value of the term, whatever its plan says; a value of None is
    no limit, an end of None "until it is taken back". Of several in force the newest counts. Where no one of the staff
    is its author, `rule` says what is.

    Raises ValueError with a sentence for what cannot be granted.
    """
    if problem := _problem(account, term, value, reason, starts_at, ends_at):
        raise ValueError(problem)
    with transaction.atomic():
        row = QuotaOverride.objects.create(
            account=account,
            term=term,
            value=value,
            reason=reason.strip(),
            author=author,
            rule=rule,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        audit.record(
            "override.granted",
            account=account,
            actor=author,
            target=row,
            by_staff=author is not None,
            changes={
                str(term): {"from": "", "to": "" if value is None else str(value)},
                "starts_at": {"from": "", "to": starts_at.isoformat()},
                "ends_at": {"from": "", "to": ends_at.isoformat() if ends_at else ""},
                "reason": {"from": "", "to": row.reason},
            },
        )
        _make_room()
    return row


def end(override: QuotaOverride, by: User | None, reason: str) -> bool:
    """The exception ends now, and the plan counts again, or an older exception; False when it had ended already."""
    now = timezone.now()
    with transaction.atomic():
        running = QuotaOverride.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), pk=override.pk)
        if not running.update(ends_at=now):
            return False
        before, override.ends_at = override.ends_at, now
        audit.record(
            "override.ended",
            account=override.account,
            actor=by,
            target=override,
            by_staff=by is not None,
            changes={
                "ends_at": {"from": before.isoformat() if before else "", "to": now.isoformat()},
                "reason": {"from": "", "to": reason},
            },
        )
        _make_room()
    return True


def running(account: Account, now: datetime) -> QuerySet[QuotaOverride]:
    """What was granted to the account and has not ended, newest first."""
    kept = QuotaOverride.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), account=account)
    return kept.select_related("author").order_by("-id")


def _problem(
    account: Account,
    term: QuotaOverride.Term,
    value: int | None,
    reason: str,
    starts_at: datetime,
    ends_at: datetime | None,
) -> str:
    if term not in Term.values:
        return _("There is no such term.")
    if account.is_platform:
        return _("The platform's own account has no limits.")
    if not reason.strip():
        return _("Say why.")
    if value is None and term in ALWAYS_LIMITED:
        return _("Logs cannot be kept for ever: give a number of days.")
    if value is not None and not 0 <= value <= (MOST_LOG_DAYS if term == Term.LOG_DAYS else MOST):
        return _("This number is out of range.")
    if term == Term.LOG_DAYS and value == 0:
        return _("Logs are kept for one day at least.")
    if ends_at is not None and ends_at <= starts_at:
        return _("The end must come after the start.")
    return ""


def _make_room() -> None:
    """More may fit now; or less, which the next acceptance sees by itself."""
    wake.nudge(MAKE_ROOM, queue="upkeep")
