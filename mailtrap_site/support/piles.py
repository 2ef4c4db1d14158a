"""What waits for a person: each pile with how much lies on it, since when, and the page on which it is worked off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AuditEntry, User
from billing.models import Invoice, Subscription, SupportRequest
from domains.models import SendingDomain
from mailtrap_site.support.compliance import waiting_for_staff
from mailtrap_site.support.plan_page import open_requests
from sending.log.unknown_replies import unknown_replies
from sending.models import Hold, HourCheck, IncomingReport, MeterDifference, QueueEntry, StreamSuspension
from sending.models.identifiers import time_of
from sending.models.statements import raw_cursor
from sending.phishing import store
from sending.queue.totals import totals

COUNT_TO = 1_000
LOOKED_AT = 20_000
"""Events that are searched for replies without a rule; their own page looks further back."""
STUCK_AFTER = timedelta(minutes=15)
"""How late due mail may be before somebody should look."""
DISPUTES_LAST = timedelta(days=120)
"""From the invoice to the bank's word."""
Found = tuple[int, datetime | None]
"""How many, and since when the oldest waits."""


@dataclass(frozen=True, slots=True)
class Pile:
    """One kind of work. `find` is asked only for who has the permission."""

    title: str | Promise
    icon: str
    permission: str
    url: Callable[[], str]
    find: Callable[[datetime], Found]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pile as it stands; `count` says at most `COUNT_TO` and one."""

    pile: Pile
    count: int
    oldest: datetime | None
    url: str

    @property
    def is_more(self) -> bool:
        return self.count > COUNT_TO


def waiting(user: User, now: datetime) -> list[Waiting]:
    """The piles of this member of staff, those with work first, each in the order of the table."""
    found = [Waiting(one, *one.find(now), one.url()) for one in PILES if user.has_perm(one.permission)]
    return sorted(found, key=lambda one: one.count == 0)


def _oldest(rows: QuerySet[Any], field: str) -> Found:
    count = rows.values("pk")[: COUNT_TO + 1].count()
    return count, rows.aggregate(oldest=Min(field))["oldest"] if count else None


def _reviews(now: datetime) -> Found:
    return _oldest(waiting_for_staff(), "state_since")


def _accounts(now: datetime) -> Found:
    entries = AuditEntry.objects.filter(account=OuterRef("pk"), action="account.suspended").order_by("-pk")
    rows = Account.objects.filter(state=Account.State.SUSPENDED).annotate(since=Subquery(entries.values("at")[:1]))
    return _oldest(rows, "since")


def _domains(now: datetime) -> Found:
    return _oldest(SendingDomain.objects.filter(deleted_at=None, suspended_at__isnull=False), "suspended_at")


def _payments(now: datetime) -> Found:
    # The end of the grace is what is known; the one that ends first has waited longest.
    count = Subscription.objects.filter(grace_until__isnull=False).values("pk")[: COUNT_TO + 1].count()
    return count, None


def _disputes(now: datetime) -> Found:
    # What was lost stays disputed on the invoice for good; nobody can act on it by then.
    return _oldest(Invoice.objects.filter(disputed_cents__gt=0, issued_at__gte=now - DISPUTES_LAST), "issued_at")


def _requests(kinds: Sequence[str]) -> Callable[[datetime], Found]:
    return lambda now: _oldest(open_requests().filter(kind__in=kinds), "asked_at")


def _replies(now: datetime) -> Found:
    groups = unknown_replies(now, looked_at=LOOKED_AT).groups
    return len(groups), min((time_of(one) for group in groups for one in group.messages), default=None)


def _stuck(now: datetime) -> Found:
    late = [one for one in totals(raw_cursor(), now) if one.oldest_due_at and one.oldest_due_at < now - STUCK_AFTER]
    return sum(one.due for one in late), min((one.oldest_due_at for one in late if one.oldest_due_at), default=None)


def _reports(now: datetime) -> Found:
    return _oldest(IncomingReport.objects.filter(done_at=None), "received_at")


def _links(now: datetime) -> Found:
    return _oldest(store.waiting(), "found_at")


def _streams(now: datetime) -> Found:
    return _oldest(StreamSuspension.objects.filter(ended_at=None, suspended_at__isnull=False), "suspended_at")


def _by_hand(now: datetime) -> Found:
    held = QueueEntry.objects.filter(Q(hold=Hold.BY_HAND) | Q(hold=Hold.PAUSED, pause_id__gt=0))
    return held.values("pk")[: COUNT_TO + 1].count(), None


def _balance(now: datetime) -> Found:
    hours = HourCheck.objects.filter(differences__gt=0).aggregate(sum=Sum("differences"), oldest=Min("hour"))
    meters = MeterDifference.objects.aggregate(oldest=Min("found_at"))
    since = [one for one in (hours["oldest"], meters["oldest"]) if one]
    return (hours["sum"] or 0) + MeterDifference.objects.count(), min(since, default=None)


def _to(name: str, query: str = "") -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}") + query


Kind = SupportRequest.Kind
PILES: tuple[Pile, ...] = (
    Pile(_("Stuck mail"), "hourglass_disabled", "sending.view_queueentry", _to("queue"), _stuck),
    Pile(_("Compliance reviews"), "verified_user", "domains.view_compliancereview", _to("compliance"), _reviews),
    Pile(
        _("Support questions"),
        "contact_support",
        "billing.view_supportrequest",
        _to("requests"),
        _requests([Kind.MESSAGE]),
    ),
    Pile(
        _("Requests for size and plan"),
        "tune",
        "billing.view_supportrequest",
        _to("requests"),
        _requests([Kind.MESSAGE_SIZE, Kind.PLAN]),
    ),
    Pile(_("Mail to abuse and postmaster"), "report", "sending.view_incomingreport", _to("reports"), _reports),
    Pile(_("Suspicious links"), "phishing", "sending.view_suspiciouslinks", _to("links"), _links),
    Pile(
        _("Suspended accounts"),
        "block",
        "accounts.view_account",
        _to("accounts_account_changelist", "?state__exact=suspended"),
        _accounts,
    ),
    Pile(
        _("Suspended domains"),
        "domain_disabled",
        "domains.view_sendingdomain",
        _to("domains_sendingdomain_changelist", "?compliance_status__exact=suspended"),
        _domains,
    ),
    Pile(
        _("Streams suspended by their rates or links"),
        "trending_down",
        "sending.view_queueentry",
        _to("queue"),
        _streams,
    ),
    Pile(_("Mail held by pauses and by hand"), "pause_circle", "sending.view_queueentry", _to("queue"), _by_hand),
    Pile(
        _("Failed payments"),
        "credit_card_off",
        "billing.view_subscription",
        _to("billing_subscription_changelist", "?grace_until__isnull=False"),
        _payments,
    ),
    Pile(
        _("Disputed payments"),
        "gavel",
        "billing.view_invoice",
        _to("billing_invoice_changelist", "?disputed_cents__gt=0"),
        _disputes,
    ),
    Pile(_("Unknown replies"), "help", "sending.view_message", _to("unknown_replies"), _replies),
    Pile(
        _("Differences of the balance"),
        "balance",
        "sending.view_hourbalance",
        _to("sending_hourbalance_changelist"),
        _balance,
    ),
)
