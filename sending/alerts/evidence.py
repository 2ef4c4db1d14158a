"""What an alert shows beside its rate: the answers that were given most often, and where."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from mailtrap_site.web.wording import figure_words
from sending.log.meanings import MEANINGS
from sending.models import DomainAlert, Event, Message, MessageStatus
from sending.models.identifiers import id_floor
from sending.replies.causes import is_plain
from sending.stats.questions import By, Question, by, hours_until
from sending.stats.rates import Counts
from sending.suppressions.consequences import SUPPRESSING

LOOKED_AT = 200
"""How many of the newest bounces are grouped."""
SHOWN = 3
_LONGEST_ANSWER = 120


@dataclass(frozen=True, slots=True)
class Evidence:
    """Lines such as “12 at Google: 550 5.1.1 No such user”, and the bounce category of the most frequent one."""

    lines: tuple[str, ...]
    category: str = ""

    @property
    def means(self) -> str:
        """What the most frequent one means."""
        return str(MEANINGS.get(self.category, ""))

    @property
    def is_about_addresses(self) -> bool:
        """Whether the list of recipients is at fault rather than the mail."""
        return not self.category or self.category in SUPPRESSING


def evidence(alert: DomainAlert, now: datetime) -> Evidence:
    """Of the 24 hours before `now`."""
    if alert.kind == DomainAlert.Kind.BOUNCES:
        return _bounces(alert, now)
    question = Question(alert.account_id, hours_until(now, 24), domains=(alert.domain_id,))
    lines = [
        _("%(count)s of %(whole)s delivered to %(name)s")
        % {"count": figure_words(counts.spam), "whole": figure_words(counts.delivered), "name": name or _("others")}
        for name, counts in _most(by(question, By.PROVIDER))
    ]
    lines += [
        _("%(count)s of %(whole)s in the category “%(name)s”")
        % {"count": figure_words(counts.spam), "whole": figure_words(counts.delivered), "name": name}
        for name, counts in _most(by(question, By.CATEGORY))
        if name
    ]
    return Evidence(tuple(lines[:SHOWN]))


def _bounces(alert: DomainAlert, now: datetime) -> Evidence:
    # Mail may have waited for days before it bounced, and is listed by the time at which it was sent.
    bounced = Message.objects.filter(
        account=alert.account_id,
        status=MessageStatus.BOUNCED,
        pk__gte=id_floor(now - timedelta(days=4)),
        domain=alert.domain_id,
        finished_at__gte=now - timedelta(days=1),
    ).order_by("-pk")
    found = list(bounced[:LOOKED_AT])
    groups: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], Message] = {}
    for message in found:
        place = message.provider or message.recipient.rpartition("@")[2].lower()
        cause = (place, " ".join(word for word in (message.reply or "").lower().split() if is_plain(word)))
        groups[cause] += 1
        example.setdefault(cause, message)
    lines = [
        _("%(count)s at %(place)s: %(answer)s")
        % {
            "count": figure_words(count),
            "place": place,
            "answer": (example[place, said].reply or "–")[:_LONGEST_ANSWER],
        }
        for (place, said), count in groups.most_common(SHOWN)
    ]
    return Evidence(tuple(lines), _category(example[groups.most_common(1)[0][0]]) if groups else "")


def _category(message: Message) -> str:
    """The bounce category of this message."""
    told = (
        Event.objects.filter(message=message.pk, type=Event.Type.BOUNCE)
        .order_by("pk")
        .values_list("details", flat=True)
    )
    return next((str(details.get("bounce_category") or "") for details in told), "")


def _most(found: Mapping[Any, Counts]) -> list[tuple[Any, Counts]]:
    """Those with most complaints."""
    return sorted(((key, one) for key, one in found.items() if one.spam), key=lambda one: -one[1].spam)[:SHOWN]
