"""What became of a message, in sentences: the answer first, then what it means and what can be done."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sending.events.lifecycle import ContractStatus, contract_status
from sending.models import TLS_REQUIRED, Attempt, Event, Message, MessageStatus, QueueEntry, Submission
from sending.models.identifiers import id_floor

TRIES = 11
"""The first attempt and the contract's ten more."""
CLOCKS_DIFFER = timedelta(hours=1)
"""How far the machine that delivers may be behind the one that accepted."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a message was not delivered: the answer as given, what it means, what we did, what can be done."""

    heading: str
    tone: str
    answer: str
    means: str | Promise
    did: str
    can_do: str | Promise


@dataclass(frozen=True, slots=True)
class Story:
    """All that the page of one message tells. `state` is a key of `mailtrap_site.web.statuses.MESSAGES`."""

    message: Message
    submission: Submission | None
    state: str
    events: list[Event]
    attempts: list[Attempt]
    explanation: Explanation | None

    @property
    def category(self) -> str:
        """The bounce category of the last refusal; empty where nobody refused."""
        details = (event.details.get("bounce_category") for event in reversed(self.events))
        return next((str(one) for one in details if one), "")

    @property
    def needs_tls(self) -> bool:
        """Whether it waits, or was given up, because its domain will not send in the clear."""
        tries = (event.details for event in reversed(self.events) if event.details.get("bounce_category"))
        last = next(tries, None)
        return last is not None and last.get("rule") == TLS_REQUIRED

    @property
    def paused_stream(self) -> str:
        """The stream that the domain's settings pause, where this is what holds it; else empty."""
        held = (event.details for event in reversed(self.events) if event.type == Event.Type.SUSPENSION)
        last = next(held, None)
        code = str(last.get("code") or "") if last else ""
        return code.removesuffix("_paused") if code.endswith("_paused") else ""

    @property
    def variables(self) -> str:
        """The custom variables as JSON for reading; empty where there are none."""
        held = self.submission.custom_variables if self.submission else {}
        return json.dumps(held, indent=2, ensure_ascii=False) if held else ""

    @property
    def finished_after(self) -> float | None:
        """Seconds from when on it was to leave to the final answer."""
        if self.message.finished_at is None:
            return None
        return max((self.message.finished_at - self.message.leaves_since).total_seconds(), 0.0)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen by itself, so that a live page may stop asking."""
        return self.message.finished_at is not None


def tell(message: Message, now: datetime) -> Story:
    """The story of a message as far as it is known at `now`."""
    events = list(events_of(message))
    attempts = list(Attempt.objects.filter(message=message, pk__gte=_oldest_news(message)).order_by("pk"))
    submission = Submission.objects.filter(pk=message.submission_id).first()
    return Story(
        message=message,
        submission=submission,
        state=_state(message, events, leased=message.pk in being_sent([message], now)),
        events=events,
        attempts=attempts,
        explanation=_explain(message, events),
    )


def events_of(message: Message) -> QuerySet[Event]:
    """The events of a message, oldest first."""
    return Event.objects.filter(message=message, pk__gte=_oldest_news(message)).order_by("pk")


def _oldest_news(message: Message) -> uuid.UUID:
    """News are younger than their message, as far as clocks agree: the bound leaves out older partitions."""
    return id_floor(message.sent_at - CLOCKS_DIFFER)


def being_sent(messages: Sequence[Message], now: datetime) -> set[object]:
    """The ids of those that a sender holds at `now`: "sending" is no stored status, but a lease."""
    may_leave = (MessageStatus.SCHEDULED, MessageStatus.QUEUED, MessageStatus.DEFERRED)
    waiting = [one.pk for one in messages if one.status in may_leave]
    if not waiting:
        return set()
    leased = Q(lease_owner__isnull=False, lease_until__gt=now)
    return set(QueueEntry.objects.filter(leased, pk__in=waiting).values_list("pk", flat=True))


def state_of(message: Message, sending: set[object]) -> str:
    """The state that a list shows."""
    if contract_status(message.status, message.opted_out_at) is ContractStatus.OPTED_OUT:
        return "opted_out"
    return "sending" if message.pk in sending else str(message.status)


def _state(message: Message, events: Sequence[Event], *, leased: bool) -> str:
    state = state_of(message, {message.pk} if leased else set())
    if state == "opted_out" and any(event.type == Event.Type.SPAM for event in events):
        return "spam"
    return state


def _explain(message: Message, events: Sequence[Event]) -> Explanation | None:
    if message.status not in (MessageStatus.BOUNCED, MessageStatus.REJECTED, MessageStatus.DEFERRED):
        return None
    telling = (Event.Type.BOUNCE, Event.Type.SOFT_BOUNCE, Event.Type.REJECT)
    news = next((event for event in reversed(events) if event.type in telling), None)
    details = news.details if news else {}
    rule, category = str(details.get("rule")), str(details.get("bounce_category"))
    means, can_do = OWN_RULES.get(rule) or MEANINGS.get(category, MEANINGS["other"])
    answer = message.reply or str(details.get("reject_reason") or "") or _("There was no answer.")
    if message.status == MessageStatus.DEFERRED:
        did = _("We keep it and try again by ourselves, up to %(most)s times.") % {"most": TRIES}
        return Explanation(_("Why it is not delivered yet"), "warn", answer, means, did, can_do)
    if message.status == MessageStatus.REJECTED:
        did = _("We kept the reason, and sent nothing.")
        own, can_do = _OWN_RULES.get(str(details.get("code")), (gettext_lazy("Our own rules stopped it."), can_do))
        return Explanation(_("Why it was not delivered"), "bad", answer, own, did, can_do)
    if details.get("gave_up"):
        did = _("We tried %(tries)s times and gave up.") % {"tries": message.attempts}
    else:
        did = _("The refusal is final, so we do not try again.")
    return Explanation(_("Why it was not delivered"), "bad", answer, means, did, can_do)


_OWN_RULES: dict[str, tuple[Promise, Promise]] = {
    "suppressed": (
        gettext_lazy("The address is on your suppression list, which keeps mail from those who cannot or will not."),
        gettext_lazy("If its reader is to get mail again, reactivate the address and send the email once more."),
    ),
}
"""Code of our own rule → what it means, what the sender can do."""

MEANINGS: dict[str, tuple[Promise, Promise]] = {
    "badrecipient": (
        gettext_lazy("The part before the @ is not known there, so another try would only harm your reputation."),
        gettext_lazy("Ask the reader for another address, or check this one for a typing error."),
    ),
    "overquota": (
        gettext_lazy("The mailbox is full and takes no more mail."),
        gettext_lazy("Reach the reader in another way; a full mailbox is often one that nobody reads."),
    ),
    "greylisting": (
        gettext_lazy("The server turns strangers away once and lets them in when they come back. This is normal."),
        gettext_lazy("Nothing. We come back by ourselves."),
    ),
    "block": (
        gettext_lazy("The server refuses mail of this sender or from this address by its own policy."),
        gettext_lazy("Look whether your domain or our sending address is on a blocklist; the answer often names it."),
    ),
    "serverpolicy": (
        gettext_lazy("The server refuses this mail by a policy of its own."),
        gettext_lazy("Read the answer: it usually names the policy. The postmaster there can tell more."),
    ),
    "spam": (
        gettext_lazy("The server took the mail for spam."),
        gettext_lazy("Check the content and the links, and send only to people who asked for it."),
    ),
    "spam_gmail": (
        gettext_lazy("Gmail took the mail for spam."),
        gettext_lazy("Check the content and the links, and watch your domain in Google Postmaster Tools."),
    ),
    "content": (
        gettext_lazy("The server refuses the content: its size, its form, or an attachment."),
        gettext_lazy("Make the mail smaller or plainer and send it again."),
    ),
    "dnsFail": (
        gettext_lazy("The receiving domain takes no mail, or its DNS cannot be read."),
        gettext_lazy("Check the part after the @ for a typing error."),
    ),
    "timeout": (
        gettext_lazy("The receiving server did not answer in time."),
        gettext_lazy("Nothing, if it is rare. A server that stays silent for days is usually gone."),
    ),
    "serverfail": (
        gettext_lazy("The receiving server has a trouble of its own."),
        gettext_lazy("Nothing. The trouble is on their side."),
    ),
    "relayfail": (
        gettext_lazy("The server does not accept mail for this domain."),
        gettext_lazy("Check the part after the @; the domain's MX records may point to the wrong server."),
    ),
    "badsender": (
        gettext_lazy("The server does not accept the sender's address."),
        gettext_lazy("Check that the domain's DNS records still stand, and that the From address can take mail."),
    ),
    "verifyfail": (
        gettext_lazy("The server could not verify the sender: SPF, DKIM or DMARC did not pass there."),
        gettext_lazy("Open the sending domain and check its DNS records."),
    ),
    "transientfail": (
        gettext_lazy("The server could not take the mail now."),
        gettext_lazy("Nothing. We come back by ourselves."),
    ),
    "other": (
        gettext_lazy("The server gave no reason that we know."),
        gettext_lazy("Read the answer above; the postmaster of the receiving domain can tell more."),
    ),
}
"""Bounce category of the contract → what it means, what the sender can do."""

OWN_RULES: dict[str, tuple[Promise, Promise]] = {
    TLS_REQUIRED: (
        gettext_lazy("The receiving server offers no TLS that works, and this domain requires it."),
        gettext_lazy("Ask the postmaster there for TLS, or let the domain send in the clear: its settings decide."),
    ),
}
"""The same for what we decided, by the event's rule."""
