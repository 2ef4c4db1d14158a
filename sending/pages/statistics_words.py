"""What a page of statistics says in sentences: its range and filters, and where the trouble is."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailtrap_site.web.statuses import Look
from mailtrap_site.web.wording import figure_words, percent_words
from sending.models import Stream
from sending.pages.statistics_asked import HOURS, Asked
from sending.stats.questions import By
from sending.stats.rates import Counts, Level
from sending.stats.trouble import compared, worst

LEVELS = {
    Level.HEALTHY: Look("tick-circle", gettext_lazy("Healthy"), "good"),
    Level.WATCH: Look("triangle", gettext_lazy("Watch"), "warn"),
    Level.ACT: Look("barred", gettext_lazy("Act"), "bad"),
    None: Look("question", gettext_lazy("Too few to tell"), "neutral"),
}
"""By what `trouble.judged` says."""


_STREAMS: dict[str, Any] = {
    Stream.TRANSACTIONAL: gettext_lazy("transactional mail"),
    Stream.BULK: gettext_lazy("bulk mail"),
}


def scope(asked: Asked, domain_name: str) -> str:
    """16 to 22 Nov 2026, both streams, every domain."""
    parts = [
        _("The last 24 hours") if asked.range == HOURS else _span(asked.days.first, asked.days.last),
        str(_STREAMS.get(asked.stream, _("both streams"))),
        domain_name or (_("every domain") if asked.reach is None else _("every domain that you look after")),
    ]
    if asked.category:
        parts.append(_("category “%(name)s”") % {"name": asked.category})
    if asked.provider:
        parts.append(_("mail to %(name)s") % {"name": asked.provider})
    return ", ".join(parts) + "."


def time_before(asked: Asked) -> str:
    """What the figures are compared with."""
    if asked.range == HOURS:
        return _("the 24 hours before")
    days = (asked.days.last - asked.days.first).days + 1
    return _("the day before") if days == 1 else _("the %(count)s days before") % {"count": days}


def trouble(group: By, found: Mapping[Any, Counts], names: Mapping[Any, str]) -> tuple[str, str]:
    """The opening, which is printed bold, and the rest of the sentence above a table of providers or domains; both
    empty for other tables, and where nothing was sent."""
    if group not in (By.PROVIDER, By.DOMAIN) or not any(one.answered for one in found.values()):
        return "", ""
    one, rates = worst(found), compared(found)
    if one is not None:
        words = {
            "name": names[one.key] if one.key else _("the smaller providers"),
            "share": percent_words(one.part / one.whole, 2 if one.is_spam else 1),
            "part": figure_words(one.part),
            "whole": figure_words(one.whole),
            "elsewhere": percent_words(one.elsewhere, 2 if one.is_spam else 1),
        }
        opening = _("The trouble is with %(name)s.") % words
        if one.is_spam:
            return opening, _("%(share)s of what was delivered was marked as spam: %(part)s of %(whole)s.") % words
        if one.elsewhere is None:
            return opening, _("%(share)s bounced: %(part)s of %(whole)s.") % words
        return opening, _("%(share)s bounced: %(part)s of %(whole)s; elsewhere it is %(elsewhere)s.") % words
    if len(rates) < 2:
        return "", _("There is too little mail yet to compare.")
    words = {"low": percent_words(rates[0]), "high": percent_words(rates[-1])}
    return _("None stands out."), _("Between %(low)s and %(high)s bounced, wherever it went.") % words


def _span(first: date, last: date) -> str:
    end = date_format(last, "j F Y")
    if first == last:
        return end
    form = "j F Y" if first.year != last.year else "j F" if first.month != last.month else "j"
    return _("%(first)s to %(last)s") % {"first": date_format(first, form), "last": end}
