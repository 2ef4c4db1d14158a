"""What went wrong lately, grouped by cause: many messages, few problems."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailtrap_site.web.wording import figure_words
from sending.log.meanings import MEANINGS
from sending.log.paging import fetch
from sending.log.query import Query
from sending.models import Event, Message, MessageStatus

LOOKED_AT = 200
"""How many of the newest troubled messages are grouped."""
PERIOD = timedelta(days=3)
TROUBLED = (
    MessageStatus.BOUNCED,
    MessageStatus.REJECTED,
    MessageStatus.DEFERRED,
    MessageStatus.UNCERTAIN,
    MessageStatus.HELD,
)
_SAID = ("response_code", "email_service_provider_status")
_LOOKS = {
    MessageStatus.BOUNCED: ("back", "bad"),
    MessageStatus.REJECTED: ("barred", "bad"),
    MessageStatus.DEFERRED: ("retry", "warn"),
    MessageStatus.UNCERTAIN: ("question", "warn"),
    MessageStatus.HELD: ("pause", "warn"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One cause: what happened as a sentence, the answer that was given, what it means, and the rows it is about."""

    icon: str
    tone: str
    heading: str
    answer: str
    means: str
    next_try: datetime | None
    count: int
    newest: datetime
    filters: str
    """The query string of the log that shows them."""


def recent_problems(account_id: int, now: datetime, *, most: int = 5) -> list[Problem]:
    """The newest causes first."""
    found = fetch(account_id, Query(statuses=TROUBLED, sent_after=now - PERIOD), size=LOOKED_AT).rows
    refusals = _refusals(found)
    groups: dict[tuple[str, str, str], list[Message]] = defaultdict(list)
    for message in found:
        domain = message.recipient.rpartition("@")[2].lower()
        category = str(refusals.get(message.pk, {}).get("bounce_category") or "")
        groups[message.status, category, domain].append(message)
    return [_problem(cause, messages, refusals, now) for cause, messages in list(groups.items())[:most]]


def _refusals(messages: Sequence[Message]) -> dict[UUID, dict[str, Any]]:
    """What is known of each message's last refusal, also of one that came as a report."""
    if not messages:
        return {}
    events = Event.objects.filter(
        message__in=[message.pk for message in messages],
        type__in=(Event.Type.BOUNCE, Event.Type.SOFT_BOUNCE),
    )
    return dict(events.order_by("pk").values_list("message_id", "details"))


def _problem(
    cause: tuple[str, str, str], messages: Sequence[Message], refusals: Mapping[UUID, dict[str, Any]], now: datetime
) -> Problem:
    status, category, domain = cause
    icon, tone = _LOOKS[MessageStatus(status)]
    newest = messages[0]
    tries = [
        message.next_attempt_at for message in messages if message.next_attempt_at and message.next_attempt_at > now
    ]
    return Problem(
        icon=icon,
        tone=tone,
        heading=_heading(MessageStatus(status), category, domain, len(messages)),
        answer=_answer(newest, refusals.get(newest.pk, {})),
        means=str(MEANINGS[category]) if category in MEANINGS else "",
        next_try=min(tries) if tries else None,
        count=len(messages),
        newest=newest.sent_at,
        filters=urlencode({"status": status, "q": f"@{domain}"}),
    )


def _heading(status: MessageStatus, category: str, domain: str, count: int) -> str:
    words = {"domain": domain, "count": figure_words(count)}
    if status is MessageStatus.BOUNCED and category == "badrecipient":
        return (
            ngettext("1 mailbox at %(domain)s does not exist", "%(count)s mailboxes at %(domain)s do not exist", count)
            % words
        )
    if status is MessageStatus.DEFERRED and category in ("dnsFail", "timeout", "transientfail", "serverfail"):
        return _("%(domain)s could not take mail") % words
    sentences = {
        MessageStatus.BOUNCED: ngettext("%(domain)s refused 1 email", "%(domain)s refused %(count)s emails", count),
        MessageStatus.REJECTED: ngettext(
            "1 email to %(domain)s was stopped before it left",
            "%(count)s emails to %(domain)s were stopped before they left",
            count,
        ),
        MessageStatus.DEFERRED: _("%(domain)s asks us to come back later"),
        MessageStatus.UNCERTAIN: _("The line to %(domain)s dropped before the answer"),
        MessageStatus.HELD: _("Mail to %(domain)s is held"),
    }
    return sentences[status] % words


def _answer(message: Message, refusal: Mapping[str, Any]) -> str:
    """The code of what was said last: a server that took the mail may have reported a bounce afterwards."""
    if not (message.reply or "").startswith("2"):
        return _code(message.reply or "")
    return " ".join(str(refusal[key]) for key in _SAID if refusal.get(key))


def _code(reply: str) -> str:
    """`550 5.1.1 No such user` → `550 5.1.1`; empty where the words are our own."""
    found = re.match(r"[245][0-9]{2}( [245]\.[0-9]{1,3}\.[0-9]{1,3})?\b", reply)
    return found[0] if found else ""
