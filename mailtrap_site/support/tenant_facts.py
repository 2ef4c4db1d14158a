"""What one page tells staff about a tenant: values for its lists and tables, all from the account's own rows."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit_words import words_of
from accounts.models import Account, ApiToken, AuditEntry, Membership, Notification
from billing import metering
from billing.models import UsageDay
from billing.terms import terms_of
from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.web.wording import duration_words, figure_words, percent_words
from sending.models import Hold, QueueEntry, QueuePause, Stream, Suppression
from sending.stats.questions import By, Question, by, hours_until
from sending.stats.rates import BOUNCES, SPAM, Counts, Limits

MOST = 50
LATEST = 10
COUNT_TO = 10_000
MONTH = timedelta(days=30)
LINK = '<a class="text-primary-600 underline dark:text-primary-400" href="{}">{}</a>'
Table = dict[str, Any]
"""`headers` and `rows`, as the desk's table component takes them."""


def about(account: Account, now: datetime) -> list[tuple[str, str]]:
    """Label and value: who they are, since when, on which plan, how much they send."""
    terms, usage = terms_of(account, now), metering.usage(account, now)
    lately = UsageDay.objects.filter(account=account, day__gte=(now - MONTH).date())
    limit = _("no limit") if usage.limit is None else figure_words(usage.limit)
    state = str(account.get_state_display())
    suppressed = Suppression.objects.filter(account=account)
    return [
        (_("Number"), str(account.pk)),
        *_organization(account),
        (_("State"), f"{state}: {account.suspension_reason}" if account.suspension_reason else state),
        (_("Age"), duration_words((now - account.created_at).total_seconds())),
        (_("Plan"), terms.plan.name),
        (_("Emails of this period"), _("%(used)s of %(limit)s") % {"used": figure_words(usage.used), "limit": limit}),
        (_("An hour"), figure_words(terms.emails_per_hour) if terms.emails_per_hour else _("no limit")),
        (_("Emails accepted, 30 days"), figure_words(lately.aggregate(all=Sum("used"))["all"] or 0)),
        (_("Suppressed addresses"), _counted(suppressed)),
    ]


def _organization(account: Account) -> list[tuple[str, str]]:
    """Links to the account whose plan it shares, or to those that share its own."""
    if account.organization is not None:
        return [(_("Shares the plan of"), _link(account.organization))]
    found = list(account.sub_accounts.order_by("name", "pk")[: MOST + 1])
    if not found:
        return []
    links = format_html_join(", ", "{}", ((_link(one),) for one in found[:MOST]))
    return [(_("Its sub-accounts"), format_html(_("{}, and more"), links) if len(found) > MOST else links)]


def _link(account: Account) -> str:
    return format_html(LINK, reverse("admin:tenant", args=[account.pk]), account.name)


def people(account: Account) -> Table:
    """Its members."""
    rows = Membership.objects.filter(account=account).select_related("user").order_by("pk")[:MOST]
    return {
        "headers": [_("person"), _("role"), _("joined"), _("last sign-in")],
        "rows": [
            [one.user.email, one.get_role_display(), _moment(one.created_at), _moment(one.user.last_login)]
            for one in rows
        ],
    }


def tokens(account: Account) -> Table:
    """Its API tokens, by what may be shown of them."""
    rows = ApiToken.objects.filter(account=account).order_by("-pk")[:MOST]
    return {
        "headers": [_("token"), _("digits"), _("expires"), _("last used"), _("from")],
        "rows": [
            [
                one.name,
                f"{one.first_digits}…{one.last_digits}",
                _moment(one.expires_at) if one.expires_at else _("never"),
                _moment(one.last_used_at),
                one.last_used_from or "–",
            ]
            for one in rows
        ],
    }


def domains(account: Account) -> list[SendingDomain]:
    """Those that stand, the newest first."""
    return list(SendingDomain.objects.filter(account=account, deleted_at=None).order_by("-pk")[:MOST])


def rates(account: Account, now: datetime) -> Table:
    """How the mail of the last 24 hours fared, by domain, beside the limits that count."""
    names = dict(SendingDomain.objects.filter(account=account).values_list("pk", "name"))
    found = by(Question(account.pk, hours_until(now, 24)), By.DOMAIN)
    return {
        "headers": [_("domain"), _("delivered"), _("bounced"), _("bounce rate"), _("spam reports"), _("spam rate")],
        "rows": [_rates(display_name(names.get(key, str(key))), counts) for key, counts in found.items()],
    }


def rate_limits() -> str:
    """From when on rates are watched and acted upon, as a sentence."""
    return _("Bounces are watched from %(b1)s and bad above %(b2)s; spam reports from %(s1)s and above %(s2)s.") % {
        "b1": percent_words(BOUNCES.watch),
        "b2": percent_words(BOUNCES.act),
        "s1": percent_words(SPAM.watch, 2),
        "s2": percent_words(SPAM.act, 2),
    }


def queue(account: Account, now: datetime) -> Table:
    """What waits of it, by stream."""
    rows = []
    for stream in Stream:
        entries = QueueEntry.objects.filter(account=account, stream=stream)
        oldest = entries.filter(due_at__lte=now).order_by("due_at").values_list("due_at", flat=True).first()
        rows.append(
            [
                stream.label,
                _counted(entries.filter(due_at__lte=now)),
                duration_words((now - oldest).total_seconds()) if oldest else "–",
                _counted(entries.filter(hold=None, due_at__gt=now)),
                *(_counted(entries.filter(hold=hold)) for hold in Hold),
            ]
        )
    headers = [_("stream"), _("due"), _("oldest due"), _("later"), *(_HELD[hold] for hold in Hold)]
    return {"headers": headers, "rows": rows}


_HELD = {
    Hold.STANDING: gettext_lazy("held by standing"),
    Hold.PAUSED: gettext_lazy("held by a pause"),
    Hold.BY_HAND: gettext_lazy("held by hand"),
    Hold.UNCERTAIN: gettext_lazy("to decide"),
}


def pauses(account: Account) -> list[QueuePause]:
    """What staff or rules paused of this account, newest first."""
    return list(QueuePause.objects.filter(account=account.pk).order_by("-pk")[:MOST])


def entries(account: Account) -> Table:
    """The newest of the audit log, as the tenant reads them."""
    rows = AuditEntry.objects.filter(account=account).order_by("-pk")[:LATEST]
    return {
        "headers": [_("when"), _("who"), _("what"), _("target")],
        "rows": [[_moment(one.at), _actor(one), words_of(one.action), one.target_name or "–"] for one in rows],
    }


def _actor(entry: AuditEntry) -> str:
    return _("%s (staff)") % entry.actor_name if entry.by_staff else entry.actor_name


def notices(account: Account) -> Table:
    """What its people were told last, once each, however many were told."""
    rows = Notification.objects.filter(account=account).order_by("-pk")[: LATEST * 5]
    told: dict[tuple[str, str], list[Any]] = {}
    for one in rows:
        told.setdefault((one.kind, one.title), [_moment(one.created_at), one.get_level_display(), one.title])
    return {"headers": [_("when"), _("level"), _("notice")], "rows": list(told.values())[:LATEST]}


def requests(account: Account) -> list[str]:
    """Links to what it asks for and nobody has answered."""
    open_ones = account.support_requests.filter(state="open").order_by("pk")[:MOST]
    return [format_html(LINK, reverse("admin:request_answer", args=[one.pk]), str(one)) for one in open_ones]


def _rates(name: str, counts: Counts) -> list[str]:
    return [
        name,
        figure_words(counts.delivered),
        figure_words(counts.bounced),
        _judged(counts.bounce_rate, BOUNCES, 1),
        figure_words(counts.spam),
        _judged(counts.spam_rate, SPAM, 2),
    ]


def _judged(rate: float | None, limits: Limits, digits: int) -> str:
    words = {"healthy": _("healthy"), "watch": _("watch"), "act": _("bad")}
    return "–" if rate is None else f"{percent_words(rate, digits)} ({words[limits.level(rate)]})"


def _counted(rows: Any) -> str:
    number = rows.values("pk")[: COUNT_TO + 1].count()
    return _("more than %s") % figure_words(COUNT_TO) if number > COUNT_TO else figure_words(number)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"
