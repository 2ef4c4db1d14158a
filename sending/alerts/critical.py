"""Critical alerts: every three hours the last 24 hours of each domain are judged; a turn for the worse is told once.

An alert stands until its domain is healthy again, so that nobody is told twice of the same trouble.
"""

from datetime import datetime
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.notices import notify
from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.web.wording import figure_words, percent_words
from sending.alerts import letters
from sending.alerts.evidence import Evidence, evidence
from sending.alerts.rules import RULES, State, measured
from sending.models import DomainAlert, HourlyCount
from sending.models.statistics import COUNTED
from sending.stats.questions import hours_until
from sending.stats.rates import Counts

log = structlog.get_logger(__name__)

KIND = "domain.mail_critical"
LONGEST_TITLE = 200
"""Of a notification."""


def judge(now: datetime) -> int:
    """Judges each domain with mail in the last 24 hours, and those with a standing alert; how many alerts began."""
    found = _counts(now)
    for alert in DomainAlert.objects.filter(ended_at=None):
        state = RULES[alert.kind].state(*measured(alert.kind, found.get(alert.domain_id, Counts())))
        if state is State.HEALTHY:
            DomainAlert.objects.filter(pk=alert.pk, ended_at=None).update(ended_at=now)
    critical = [
        (domain_id, kind, *measured(kind, counts))
        for domain_id, counts in found.items()
        for kind, rule in RULES.items()
        if rule.state(*measured(kind, counts)) is State.CRITICAL
    ]
    return sum(_quietly(*one, now=now) for one in critical)


def _counts(now: datetime) -> dict[int, Counts]:
    """By domain id, of all accounts."""
    hours = hours_until(now, 24)
    sums = {f"sum_{name}": Coalesce(Sum(name), 0) for name in COUNTED}
    rows = HourlyCount.objects.filter(hour__gte=hours.first, hour__lt=hours.end).order_by()
    return {domain: Counts(*counts) for domain, *counts in rows.values_list("domain").annotate(**sums)}


def _quietly(domain_id: int, kind: str, part: int, whole: int, *, now: datetime) -> bool:
    try:
        return _begin(domain_id, kind, part, whole, now)
    except Exception:  # the others are told all the same; the next run tries this one again
        log.exception("alert_waits", domain=domain_id, kind=kind)
        return False


@transaction.atomic
def _begin(domain_id: int, kind: str, part: int, whole: int, now: datetime) -> bool:
    """Records that it turned, unless it stands already, and tells it: the notice in the same transaction, so it exists
    exactly once; letters leave after the commit."""
    domain = (
        SendingDomain.objects.select_related("account")
        .filter(pk=domain_id, deleted_at=None, critical_alerts_enabled=True)
        .first()
    )
    if domain is None:
        return False
    began = {"account_id": domain.account_id, "began_at": now, "part": part, "whole": whole}
    alert, is_new = DomainAlert.objects.get_or_create(domain=domain, kind=kind, ended_at=None, defaults=began)
    if not is_new:
        return False
    words = words_for(alert, domain, evidence(alert, now))
    body = "\n\n".join(words.paragraphs)
    title = words.subject[:LONGEST_TITLE]
    notify(domain.account, KIND, title, body, words.path, "critical", letter=False, domain_id=domain.pk)
    transaction.on_commit(partial(letters.send, domain, words))
    log.warning("domain_mail_critical", domain=domain.pk, account=domain.account_id, kind=kind, part=part, whole=whole)
    return True


def words_for(alert: DomainAlert, domain: SendingDomain, shown: Evidence) -> letters.Words:
    """What the notice and the letter say."""
    is_spam = alert.kind == DomainAlert.Kind.SPAM
    limit = RULES[alert.kind].limits.act
    said = {
        "name": display_name(domain.name),
        "share": percent_words(alert.part / alert.whole, 2 if is_spam else 1),
        "part": figure_words(alert.part),
        "whole": figure_words(alert.whole),
        "limit": percent_words(limit),
    }
    if is_spam:
        subject = _("Readers mark mail of %(name)s as spam") % said
        fact = (
            _("%(share)s of what was delivered in the last 24 hours was marked as spam: %(part)s of %(whole)s.") % said
        )
        why = _("Above %(limit)s the large mailbox providers begin to put a sender’s mail into the spam folder.") % said
        advice = _(
            "Send only to people who asked for this mail, let them stop it with one click, and pause what they did not"
            " expect. Whoever marked it gets no more of this stream."
        )
    else:
        subject = _("Much of the mail of %(name)s bounces") % said
        fact = _("%(share)s of the mail of the last 24 hours bounced: %(part)s of %(whole)s.") % said
        why = _("Above %(limit)s receivers begin to refuse everything from a sender.") % said
        advice = _(
            "Stop the mailing that these addresses belong to, find out where they came from, and send on only to those"
            " who asked for it. Addresses that do not exist are suppressed by themselves."
        )
        if not shown.is_about_addresses:
            advice = _(
                "This is about your mail, not about the addresses: check the domain’s DNS records and the content, and"
                " send less until it is mended."
            )
    first, *others = shown.lines or ("",)
    lines = (_("Most often: %(line)s") % {"line": first}, *others) if first else ()
    return letters.Words(
        subject=subject,
        paragraphs=tuple(filter(None, (f"{fact} {why}", *lines, shown.means, advice))),
        path=_page(domain),
        action=_("Show where it happens"),
        rhythm=_("We look every three hours, and write again only once the domain has been healthy meanwhile."),
        stop=_("Choose the letters about this domain"),
        emphasis=said["share"],
    )


def _page(domain: SendingDomain) -> str:
    return f"{reverse('sending:statistics', args=[domain.account_id])}?domain={domain.pk}&range=24h"
