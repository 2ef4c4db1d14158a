"""The events of a message as lines of its timeline, each with the SMTP conversation that produced it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mailtrap_site.web.wording import duration_words, moment_words
from sending.log.story import Story
from sending.models import Attempt, Door, Event

_ICONS: dict[str, tuple[str, str]] = {
    Event.Type.ACCEPTED: ("check", "neutral"),
    Event.Type.DELIVERY: ("tick-circle", "good"),
    Event.Type.SOFT_BOUNCE: ("retry", "warn"),
    Event.Type.BOUNCE: ("back", "bad"),
    Event.Type.SUSPENSION: ("pause", "warn"),
    Event.Type.RELEASE: ("check", "neutral"),
    Event.Type.REQUEUE: ("retry", "neutral"),
    Event.Type.CANCEL: ("crossed", "neutral"),
    Event.Type.RESCHEDULE: ("clock", "neutral"),
    Event.Type.REJECT: ("barred", "bad"),
    Event.Type.OPEN: ("eye", "neutral"),
    Event.Type.CLICK: ("click", "neutral"),
    Event.Type.UNSUBSCRIBE: ("door", "away"),
    Event.Type.SPAM: ("flag", "away"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event: the bold participle, the rest of the sentence, what was answered word for word, the evidence."""

    at: datetime
    icon: str
    tone: str
    participle: str
    rest: str
    answer: str
    evidence: "Evidence | None"
    is_open: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """An attempt as the page shows it. `conversation`: (`said`, `heard` or `refused`, line)."""

    conversation: list[tuple[str, str]]
    facts: list[tuple[str, str]]


def timeline(story: Story, token_name: str) -> list[Line]:
    """Newest first. The evidence of the newest line is open while the message is in trouble."""
    attempts: dict[uuid.UUID | None, Attempt] = {attempt.pk: attempt for attempt in story.attempts}
    lines = [_line(story, event, attempts.get(event.attempt_id), token_name) for event in reversed(story.events)]
    if lines and lines[0].evidence and story.state in ("bounced", "deferred", "uncertain"):
        lines[0] = replace(lines[0], is_open=True)
    return lines


def _line(story: Story, event: Event, attempt: Attempt | None, token_name: str) -> Line:
    icon, tone = _ICONS.get(event.type, ("info", "neutral"))
    participle, rest, answer = _words(story, event, attempt, token_name)
    return Line(
        event.occurred_at, icon, tone, participle, rest, answer, _evidence(attempt) if attempt else None, is_open=False
    )


def _words(story: Story, event: Event, attempt: Attempt | None, token_name: str) -> tuple[str, str, str]:
    details = event.details
    host = str((attempt and attempt.mx_host) or details.get("recipient_mx") or "")
    answer = _answer(attempt) if attempt else str(details.get("email_service_provider_response") or "")
    match event.type:
        case Event.Type.ACCEPTED:
            return _("Accepted"), _joined(_accepted(story, token_name), _to_leave(details)), ""
        case Event.Type.DELIVERY if details.get("decision"):
            return _("Delivered"), _said_by(details), ""
        case Event.Type.DELIVERY:
            return _("Delivered"), _to_host(host), ""
        case Event.Type.SOFT_BOUNCE if details.get("asks"):
            return _("Cut off"), _("before the answer came; it waits for your decision"), answer
        case Event.Type.SOFT_BOUNCE if details.get("uncertain"):
            return _("Cut off"), _("before the answer came; we try again"), answer
        case Event.Type.SOFT_BOUNCE:
            return _("Deferred"), _by_host(host), answer
        case Event.Type.BOUNCE if details.get("decision"):
            return _("Given up"), _said_by(details), ""
        case Event.Type.BOUNCE:
            return _("Bounced"), _("after the last try") if details.get("gave_up") else _by_host(host), answer
        case Event.Type.SUSPENSION:
            return _("Held"), "", str(details.get("reject_reason") or "")
        case Event.Type.RELEASE:
            rest = _joined(_to_leave(details), _said_by(details)) or _("to be sent")
            return _("Released"), rest, str(details.get("reason") or "")
        case Event.Type.RESCHEDULE:
            return _("Rescheduled"), _joined(_to_leave(details), _said_by(details)), ""
        case Event.Type.REQUEUE:
            when = _("to an earlier hour") if details.get("later") else _("to be tried at once")
            return _("Moved up"), _joined(when, _said_by(details)), str(details.get("reason") or "")
        case Event.Type.CANCEL:
            return _("Cancelled"), _by_name(details), str(details.get("reason") or "")
        case Event.Type.REJECT:
            return _("Rejected"), "", str(details.get("reject_reason") or "")
        case Event.Type.OPEN | Event.Type.CLICK if machine := details.get("machine"):
            return _machine(event.type, str(machine), str(details.get("click_url") or ""))
        case Event.Type.CLICK:
            return _("Clicked"), str(details.get("click_url") or ""), ""
        case Event.Type.OPEN:
            return _("Opened"), _("by the reader"), ""
        case Event.Type.UNSUBSCRIBE:
            return _("Unsubscribed"), _("by the reader"), ""
        case Event.Type.SPAM:
            return _("Marked as spam"), _("by the reader"), ""
    return str(event.type), "", answer


def _machine(kind: str, machine: str, url: str) -> tuple[str, str, str]:
    """By the name of a rule of `tracking.machines`; these count nowhere."""
    words = {"machine": machine, "url": url}
    if kind == Event.Type.CLICK:
        return _("Checked"), _("%(url)s, not by the reader: %(machine)s") % words, ""
    return _("Loaded"), _("not by the reader: %(machine)s") % words, ""


def _accepted(story: Story, token_name: str) -> str:
    door = story.submission.door if story.submission else ""
    words = {"token": token_name}
    if door == Door.API:
        return _("over the API with token “%(token)s”") % words if token_name else _("over the API")
    if door == Door.SMTP:
        return _("over SMTP with token “%(token)s”") % words if token_name else _("over SMTP")
    # Our own notices are asked for by nobody, so they have no address.
    return _("from the dashboard") if story.submission and story.submission.client_ip else ""


def _said_by(details: dict[str, Any]) -> str:
    """Who decided about a message; empty where nobody is named."""
    name = details.get("decided_by")
    return _("as %(name)s decided") % {"name": name} if name else ""


def _by_name(details: dict[str, Any]) -> str:
    name = details.get("decided_by")
    return _("by %(name)s") % {"name": name} if name else ""


def _to_leave(details: dict[str, Any]) -> str:
    """The time that was chosen; empty for mail that leaves at once."""
    chosen = details.get("send_at")
    if not chosen:
        return ""
    words = moment_words(datetime.fromisoformat(chosen), timezone.now(), timezone.get_current_timezone())
    return _("to leave on %(moment)s") % {"moment": words}


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _to_host(host: str) -> str:
    return _("to %(host)s") % {"host": host} if host else ""


def _by_host(host: str) -> str:
    return _("by %(host)s") % {"host": host} if host else ""


def _answer(attempt: Attempt) -> str:
    parts = (str(attempt.reply_code or ""), attempt.enhanced_code or "", attempt.reply_text or "")
    return " ".join(part for part in parts if part)


def _evidence(attempt: Attempt) -> Evidence:
    return Evidence(list(_conversation(attempt.conversation)), list(_facts(attempt)))


def _conversation(lines: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Each reply may have several lines; those of a refusal (4xx, 5xx) are marked."""
    shown = []
    for direction, text in lines:
        kind = "said" if direction == "C" else "refused" if text[:1] in ("4", "5") else "heard"
        shown += [(kind, one) for one in text.split("\n")]
    return shown


def _facts(attempt: Attempt) -> list[tuple[str, str]]:
    timing = [(_("connect"), "connect"), ("TLS", "tls"), (_("answer"), "answer")]
    spent = [f"{word} {duration_words(attempt.timing[key] / 1000)}" for word, key in timing if key in attempt.timing]
    facts = [
        ("MX", _server(attempt)),
        (_("From"), str(attempt.source_ip or "")),
        ("TLS", attempt.tls or (_("none: the line was plain") if attempt.mx_ip else "")),
        (_("Timing"), " · ".join(spent)),
    ]
    return [(word, value) for word, value in facts if value]


def _server(attempt: Attempt) -> str:
    host = attempt.mx_host or ""
    if attempt.mx_ip:
        host = f"{host} [{attempt.mx_ip}]"
    if attempt.mx_preference is not None:
        host += ", " + _("preference %(number)s") % {"number": attempt.mx_preference}
    return host.strip()
