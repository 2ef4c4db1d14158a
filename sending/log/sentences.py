"""The first sentence of a message's page, and the support beneath it."""

from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailtrap_site.web.wording import duration_words, moment_words, time_words
from sending.log.explanation import TRIES
from sending.log.meanings import HELD, REJECTED
from sending.log.story import Story
from sending.models import Event


def headline(story: Story, now: datetime) -> str:
    """The answer to "where is my email?"."""
    message = story.message
    destination = message.recipient.rpartition("@")[2]
    host = message.recipient_mx or destination
    if story.state == "bounced" and story.category == "badrecipient":
        return _("Bounced: the mailbox %(recipient)s does not exist") % {"recipient": message.recipient}
    if story.state == "bounced" and story.told.get("reported_by"):
        return _("Bounced: it came back after it had been delivered")
    if story.state in _BY_CODE and (told := _BY_CODE[story.state].get(str(story.told.get("code")))):
        return str(told)
    if story.state == "scheduled" and message.send_at:
        return _("Scheduled for %(moment)s") % {"moment": moment_words(message.send_at, now, _zone())}
    if story.state == "cancelled" and (told := _cancelled_by(story, now)):
        return told
    if story.needs_tls and story.state in _WITHOUT_TLS:
        return str(_WITHOUT_TLS[story.state]) % {"host": host}
    sentences = {
        "scheduled": _("Scheduled for %(recipient)s"),
        "queued": _("Queued for %(recipient)s"),
        "sending": _("Sending to %(recipient)s"),
        "deferred": _("Deferred: %(destination)s asks us to come back later"),
        "uncertain": _("Uncertain: the line dropped before the answer"),
        "held": _("Held: mail of this domain waits"),
        "delivered": _("Delivered to %(recipient)s"),
        "captured": _("Captured for %(recipient)s"),
        "bounced": _("Bounced: %(host)s refused it"),
        "rejected": _("Rejected: it was not sent"),
        "cancelled": _("Cancelled before it was sent"),
        "opted_out": _("Delivered, then %(recipient)s opted out"),
        "spam": _("Delivered, then marked as spam by %(recipient)s"),
    }
    return sentences[story.state] % {"recipient": message.recipient, "destination": destination, "host": host}


_WITHOUT_TLS = {
    "deferred": gettext_lazy("Deferred: %(host)s offers no TLS, and this domain requires it"),
    "bounced": gettext_lazy("Bounced: %(host)s offers no TLS, and this domain requires it"),
}


def support(story: Story, now: datetime) -> str:
    """What stands beneath it: who answered, when, and what happens next."""
    message = story.message
    host = message.recipient_mx or message.recipient.rpartition("@")[2]
    words = {"host": host, "tries": message.attempts, "most": TRIES, "after": duration_words(story.finished_after)}
    if story.state in ("delivered", "opted_out", "spam"):
        if message.send_at:
            return _("%(host)s took it %(after)s after its time had come.") % words
        return _("%(host)s took it %(after)s after you sent it.") % words
    if story.state == "bounced" and story.told.get("decision"):
        return _("It was given up after %(tries)s of %(most)s tries. We do not try again.") % words
    if story.state == "bounced" and story.told.get("reported_by"):
        words["reporter"] = _reporter(story)
        return _("%(host)s took it, and %(reporter)s reported later that nobody got it. We do not try again.") % words
    if story.state == "bounced" and not story.told.get("response_code", True):
        return _("Nobody took it within %(tries)s tries. We do not try again.") % words
    if story.state == "bounced" and message.send_at:
        return _("%(host)s refused it for good %(after)s after its time had come. We do not try again.") % words
    if story.state == "bounced":
        return _("%(host)s refused it for good %(after)s after you handed it over. We do not try again.") % words
    if story.state in ("deferred", "uncertain") and message.next_attempt_at:
        words["clock"] = _clock(message.next_attempt_at)
        words["when"] = time_words(message.next_attempt_at, now, _zone())
        if story.state == "uncertain":
            return _("It may have arrived. We send it again at %(clock)s, so the reader may get it twice.") % words
        if message.next_attempt_at <= now:
            return _("The next try is due now; %(tries)s of %(most)s tries made.") % words
        return _("Trying again at %(clock)s, %(when)s; %(tries)s of %(most)s tries made.") % words
    if story.state == "uncertain":
        return _("It may have arrived. It waits for your decision: send it again, or leave it.")
    if story.state == "held":
        return _held(story)
    if story.state in ("scheduled", "queued") and (hour := _hour_with_room(story, now)):
        return _waits_for_room(hour, now)
    if story.state == "scheduled" and message.send_at:
        return _leaves(message.send_at, now)
    if story.state == "queued":
        return _("It leaves within seconds.")
    if story.state == "sending":
        return _("We are talking to the receiving server now.")
    if story.state == "cancelled" and not message.attempts:
        return _("It was never sent, and does not count against your plan.")
    if story.state == "captured":
        return _("It did not leave this instance.")
    return ""


def _reporter(story: Story) -> str:
    said = str(story.told["reported_by"])
    return said if "." in said else _("a report")


def _held(story: Story) -> str:
    """Why, as the last event that held it says."""
    if str(story.told.get("code")).endswith("_paused"):
        return _("It is kept, and leaves in its order once the stream goes on: the settings of the domain decide.")
    said: dict[str, Any] = next(
        (event.details for event in reversed(story.events) if event.type == Event.Type.SUSPENSION), {}
    )
    reason = str(said.get("reject_reason") or "")
    return _("%(reason)s. It is kept, and leaves when that has changed.") % {"reason": reason} if reason else ""


def _hour_with_room(story: Story, now: datetime) -> datetime | None:
    """What was never tried, and is not due at its own time: its account has sent what an hour takes."""
    due_at, send_at = story.message.next_attempt_at, story.message.send_at
    return due_at if due_at is not None and due_at > max(now, send_at or now) else None


def _waits_for_room(hour: datetime, now: datetime) -> str:
    words = {"clock": _clock(hour), "when": time_words(hour, now, _zone())}
    return _("It waits for the hourly limit of the plan, and leaves by itself at %(clock)s, %(when)s.") % words


def _leaves(send_at: datetime, now: datetime) -> str:
    if send_at <= now:
        return _("Its time has come; it leaves within seconds.")
    return _("It leaves by itself in %(duration)s.") % {"duration": duration_words((send_at - now).total_seconds())}


def _cancelled_by(story: Story, now: datetime) -> str:
    """Who did it and when; empty where nobody is named."""
    event = next((event for event in reversed(story.events) if event.type == Event.Type.CANCEL), None)
    if event is None or not event.details.get("decided_by"):
        return ""
    words = {"name": event.details["decided_by"], "moment": _clock(event.occurred_at)}
    if event.occurred_at.astimezone(_zone()).date() != now.astimezone(_zone()).date():
        words["moment"] = moment_words(event.occurred_at, now, _zone())
        return _("Cancelled by %(name)s on %(moment)s") % words
    return _("Cancelled by %(name)s at %(moment)s") % words


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _zone() -> tzinfo:
    """The reader's."""
    return timezone.get_current_timezone()


_BY_CODE = {
    "held": {code: words[0] for code, words in HELD.items()},
    "rejected": {code: words[0] for code, words in REJECTED.items()},
}
"""Why our own rules stopped it, where the event says so."""
