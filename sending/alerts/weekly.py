"""The letter of each Monday: how the mail of a domain fared in the week before, compared with the week before that."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.web.wording import figure_words, percent_words
from sending.alerts import letters
from sending.models import DailyCount, WeeklySummary
from sending.stats.questions import By, Days, Question, by, total
from sending.stats.rates import BOUNCES, SPAM, Counts, Level
from sending.stats.trouble import worst

log = structlog.get_logger(__name__)

MONDAY = 0
EARLIEST_HOUR = 6
"""Of Monday, in UTC: by then the last reports of Sunday are in."""
AT_ONCE = 500
"""Domains of one run; the next takes those that are left."""


def write_due(now: datetime) -> int:
    """On Mondays, writes about each domain that had mail last week and whose people want it; how many were written."""
    now = now.astimezone(UTC)
    if now.weekday() != MONDAY or now.hour < EARLIEST_HOUR:
        return 0
    monday = now.date() - timedelta(weeks=1)
    sent = DailyCount.objects.filter(day__gte=monday, day__lt=now.date()).values("domain")
    domains = (
        SendingDomain.objects.select_related("account")
        .filter(pk__in=sent, deleted_at=None, health_alerts_enabled=True)
        .exclude(pk__in=WeeklySummary.objects.filter(week=monday).values("domain"))
        .order_by("pk")
    )
    return sum(_quietly(domain, monday, now) for domain in domains[:AT_ONCE])


def _quietly(domain: SendingDomain, monday: date, now: datetime) -> bool:
    try:
        return _write(domain, monday, now)
    except Exception:  # the others are written all the same; the next run tries this one again
        log.exception("summary_waits", domain=domain.pk)
        return False


@transaction.atomic
def _write(domain: SendingDomain, monday: date, now: datetime) -> bool:
    """The row is the claim: of two who write at once, one finds it there. The letter leaves after the commit."""
    row = {"account_id": domain.account_id, "written_at": now}
    if not WeeklySummary.objects.get_or_create(domain=domain, week=monday, defaults=row)[1]:
        return False
    week = Question(domain.account_id, Days(monday, monday + timedelta(days=6)), domains=(domain.pk,))
    counts = total(week)
    if not counts.answered:
        return False
    words = words_for(domain, monday, counts, total(week.before), by(week, By.PROVIDER))
    transaction.on_commit(partial(letters.send, domain, words))
    return True


def words_for(
    domain: SendingDomain, monday: date, counts: Counts, before: Counts, providers: Mapping[Any, Counts]
) -> letters.Words:
    """What the letter says: one sentence that answers, the figures, and what to look at."""
    sunday = monday + timedelta(days=6)
    said = {
        "name": display_name(domain.name),
        "first": date_format(monday, "j F"),
        "last": date_format(sunday, "j F"),
        "count": figure_words(counts.delivered),
        "rate": percent_words(counts.delivery_rate),
    }
    facts = (
        (_("Delivered"), _both(figure_words(counts.delivered), figure_words(before.delivered))),
        (_("Bounced"), _both(percent_words(counts.bounce_rate), percent_words(before.bounce_rate))),
        (_("Marked as spam"), _both(percent_words(counts.spam_rate, 2), percent_words(before.spam_rate, 2))),
        (_("Opened"), _both(percent_words(counts.open_rate), percent_words(before.open_rate))),
        (_("Clicked"), _both(percent_words(counts.click_rate), percent_words(before.click_rate))),
        (_("Unsubscribed"), _both(figure_words(counts.unsubscribed), figure_words(before.unsubscribed))),
    )
    path = reverse("sending:statistics", args=[domain.account_id])
    return letters.Words(
        subject=_("%(name)s last week: %(rate)s delivered") % said,
        paragraphs=(
            _("From Monday, %(first)s, to Sunday, %(last)s, %(count)s emails of %(name)s were delivered.") % said,
            _look_at(counts, providers),
        ),
        path=f"{path}?domain={domain.pk}&range=dates&since={monday}&until={sunday}",
        action=_("See the whole week"),
        rhythm=_("We write on Mondays about domains that had mail."),
        stop=_("Stop or move these letters"),
        facts=facts,
    )


def _both(now: str, before: str) -> str:
    return _("%(now)s; the week before %(before)s") % {"now": now, "before": before}


def _look_at(counts: Counts, providers: Mapping[Any, Counts]) -> str:
    one = worst(providers)
    if one is not None and one.key:
        said = {"name": one.key, "share": percent_words(one.part / one.whole, 2 if one.is_spam else 1)}
        if one.is_spam:
            return _("Look at %(name)s: readers there marked %(share)s as spam.") % said
        return _("Look at %(name)s: %(share)s bounced there.") % said
    if BOUNCES.level(counts.bounce_rate) is not Level.HEALTHY:
        return _("More bounces than receivers like to see; the page says where.")
    if SPAM.level(counts.spam_rate) is not Level.HEALTHY:
        return _("More spam reports than receivers like to see; the page says where.")
    return _("All is healthy; there is nothing for you to do.")
