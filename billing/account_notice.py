"""The one notice of an account's pages: which news comes first, and its words."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.quota import Level, Usage
from mailtrap_site.web.wording import NBSP, figure_words


class Kind(StrEnum):
    """What a notice is about, the most pressing first."""

    BANNED = "banned"
    CLOSING = "closing"
    SUSPENDED = "suspended"
    PAYMENT_FAILED = "payment_failed"
    SHARED_FULL = "shared_full"
    """The emails that the organisation shares are used up."""
    LIMIT_REACHED = "limit_reached"
    NEAR = "near"
    """At least 90 percent."""
    WATCH = "watch"
    """At least 80 percent."""


OF_THE_METER = frozenset({Kind.LIMIT_REACHED, Kind.NEAR, Kind.WATCH})
_OF_LEVEL = {Level.FULL: Kind.LIMIT_REACHED, Level.ACT: Kind.NEAR, Level.WATCH: Kind.WATCH}


@dataclass(frozen=True, slots=True)
class Notice:
    """As the interface draws it: a bold fact, one sentence with what happens next."""

    heading: str
    sentence: str
    tone: str


def choose(
    *,
    is_banned: bool = False,
    is_closing: bool = False,
    is_suspended: bool,
    grace_until: datetime | None,
    usage: Usage,
    now: datetime,
    shared: Usage | None = None,
) -> Kind | None:
    """The first of all news that hold; `usage` and `shared`, the meter of the account's organisation, are looked at
    only when nothing comes before them. Pure.

    >>> from datetime import UTC
    >>> from billing.periods import Period
    >>> from billing.quota import judge
    >>> november = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    >>> now, soon = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    >>> def first(used, grace_until=None, is_suspended=False, limit=1_000):
    ...     usage = judge(used, limit, november, now)
    ...     return str(choose(is_suspended=is_suspended, grace_until=grace_until, usage=usage, now=now))

    A ban comes before all else, then the end of the account, a suspension, a payment that failed, as long as it can
    be made up for:

    >>> first(1_000, grace_until=soon, is_suspended=True)
    'suspended'
    >>> first(1_000, grace_until=soon)
    'payment_failed'
    >>> first(1_000, grace_until=november.starts_at)
    'limit_reached'

    Then the meter, by the highest threshold that is reached:

    >>> first(999), first(900), first(899), first(800), first(799)
    ('near', 'near', 'watch', 'watch', 'None')

    Without a limit there is nothing to say of it:

    >>> first(1_000_000, limit=None)
    'None'
    """
    if is_banned:
        return Kind.BANNED
    if is_closing:
        return Kind.CLOSING
    if is_suspended:
        return Kind.SUSPENDED
    if grace_until is not None and grace_until > now:
        return Kind.PAYMENT_FAILED
    if shared is not None and shared.is_full:
        return Kind.SHARED_FULL
    return _OF_LEVEL.get(usage.level)


def words_of(
    kind: Kind,
    *,
    reason: str,
    grace_until: datetime | None,
    usage: Usage,
    closes_at: datetime | None = None,
    organization: str = "",
) -> Notice:
    """The notice in words, its days in the reader's zone. `reason` is that of the suspension or ban; `organization`
    shares its emails with the account, whose own limit is a cap then."""
    if kind is Kind.BANNED:
        return Notice(_("This account is banned"), reason or _("Mail is refused."), "bad")
    if kind is Kind.CLOSING and closes_at is not None:
        words = _("Nothing is sent any more, and on %(day)s everything is deleted.") % {"day": _day(closes_at)}
        return Notice(_("This account is to be closed"), words, "bad")
    if kind is Kind.SUSPENDED:
        return Notice(
            _("This account is suspended"),
            reason or _("Mail is accepted and held until support releases the account."),
            "bad",
        )
    if kind is Kind.PAYMENT_FAILED and grace_until is not None:
        values = {"day": _day(grace_until)}
        return Notice(
            _("A payment failed"),
            _("Sending goes on until %(day)s. Without a payment by then the account goes to Free.") % values,
            "bad",
        )
    values = {"day": _day(usage.resets_on), "organization": organization}
    if kind is Kind.SHARED_FULL:
        heading = _("The emails that %(organization)s shares are used up") % values
        return Notice(heading, _("Mail is refused until %(day)s.") % values, "bad")
    notice = _full(usage) if kind is Kind.LIMIT_REACHED else _near(usage)
    if organization:
        notice = replace(notice, sentence=f"{notice.sentence} {_('%(organization)s set this cap.') % values}")
    return notice


def _near(usage: Usage) -> Notice:
    heading = _("%(percent)s of this month’s emails are used") % {"percent": f"{int(usage.percent)}{NBSP}%"}
    return Notice(heading, _next(usage), "warn")


def _full(usage: Usage) -> Notice:
    values = {
        "day": _day(usage.resets_on),
        "above": figure_words(usage.above),
        "cap": figure_words(usage.overage_cap),
    }
    heading = _("All of this month’s emails are used")
    if usage.is_full:
        return Notice(heading, _("Mail is refused until %(day)s.") % values, "bad")
    return Notice(heading, _("%(above)s of up to %(cap)s more are sent and paid for, until %(day)s.") % values, "warn")


def _next(usage: Usage) -> str:
    values = {"left": figure_words(usage.remaining), "resets": _day(usage.resets_on)}
    if usage.full_at is None:
        return _("%(left)s are left; at this pace that is enough until %(resets)s.") % values
    values["full"] = _day(usage.full_at)
    if usage.overage_cap:
        values["cap"] = figure_words(usage.overage_cap)
        return _("At this pace full on %(full)s. After that, up to %(cap)s more are sent and paid for.") % values
    return _("At this pace full on %(full)s. After that, mail is refused until %(resets)s.") % values


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F")
