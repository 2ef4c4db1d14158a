"""One webhook: what it sends and how it fares, and the log of its requests, newest first, which shows what comes in."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged
from mailtrap_site.web.statuses import Look
from sending.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.pages.webhook_words import answer_look, domain_words, explained, told_words
from sending.pages.webhooks import of_webhook
from sending.policy.streams import hides_links
from sending.protocol.secret_links import hide_in_text
from sending.webhooks import KEPT, MOST_TRIES
from sending.webhooks.as_curl import as_curl
from sending.webhooks.batches import lines_of, waiting_events
from sending.webhooks.payloads import EVENT_TYPES, NAMES, body_of

PAGE = 25
LIVE_SECONDS = 600
"""How long an open page asks for news."""
HURRIED_SECONDS = 60
MOST_BODY_COPIED = 64 * 1024
MOST_BODY_SHOWN = 1500
"""Characters of a request's body."""
TIMES = 200
"""Requests of the last day whose answer times are drawn."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the table shows it."""

    attempt: WebhookAttempt
    delivery: WebhookDelivery
    look: Look
    is_open: bool
    explained: str
    body: str
    curl: str
    may_be_sent_again: bool
    waits: bool

    @property
    def seconds(self) -> float:
        return self.attempt.milliseconds / 1000

    @property
    def request_line(self) -> str:
        return self.attempt.request_head.partition("\n")[0]

    @property
    def request_rest(self) -> str:
        return self.attempt.request_head.partition("\n")[2]

    @property
    def answer_line(self) -> str:
        return self.attempt.answer_head.partition("\n")[0]

    @property
    def answer_rest(self) -> str:
        return self.attempt.answer_head.partition("\n")[2]


@of_webhook(Ability.VIEW)
def webhook(request: AccountRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """The page; `?open=` names the request whose evidence is shown, `?failed=1` leaves out what was answered 200."""
    only_failed, before = request.GET.get("failed") == "1", _uuid(request.GET.get("before", ""))
    now = timezone.now()
    found = endpoint.attempts.select_related("delivery").order_by("-id")
    found = found.exclude(status=200) if only_failed else found
    attempts = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    opened, waiting = _opened(request, endpoint, attempts), waiting_events([endpoint.pk]).get(endpoint.pk, 0)
    since = request.GET.get("since", "")
    since = since if since.isdecimal() and len(since) < 12 else str(int(now.timestamp()))
    seconds = 0 if before else _poll_seconds(now.timestamp() - int(since))
    seen = f"{attempts[0].pk if attempts else ''}.{waiting}.{endpoint.state}.{seconds}"
    if request.GET.get("seen") == seen:
        return unchanged()
    rows = _rows(attempts[:PAGE], opened)
    if not can(request.membership, Ability.VIEW_LINKS) and hides_links(request.account.pk):
        rows = [_without_secrets(row) for row in rows]
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "told": told_words(endpoint),
        "domain": domain_words(endpoint),
        "event_words": [NAMES[EVENT_TYPES[word].value] for word in endpoint.event_types],
        "rows": rows,
        "poll": _poll(request, opened, only_failed, since, seen) if seconds else "",
        "poll_seconds": seconds,
        "only_failed": only_failed,
        "not_failed": not only_failed,
        "failed_url": "?failed=1",
        **_paging(attempts, before, only_failed),
        "waiting": waiting,
        "tries_left": MOST_TRIES - endpoint.failures,
        "most_tries": MOST_TRIES,
        "kept_days": KEPT.days,
        "may_manage": can(request.membership, Ability.MANAGE_WEBHOOKS),
        "new_secret_from": endpoint.switches_at if endpoint.secrets_at(now)[1] else None,
        "last_digits": endpoint.secrets_at(now)[0][-4:],
        **_times(endpoint),
    }
    done = "seen" in request.GET and not seconds
    return render_page(
        request,
        "sending/webhook.html",
        "sending/_webhook_attempts.html",
        context,
        target="attempts",
        status=STOP_POLLING if done else 200,
    )


def _poll_seconds(age: float) -> int:
    """How often a page of this age asks; 0: no more."""
    if age > LIVE_SECONDS:
        return 0
    return 3 if age < HURRIED_SECONDS else 10


def _poll(request: AccountRequest, opened: Any, only_failed: bool, since: str, seen: str) -> str:
    """What the page tells when it asks for news. What the reader opened stays open."""
    told = {"since": since, "seen": seen}
    if "open" in request.GET and opened:
        told["open"] = str(opened)
    if only_failed:
        told["failed"] = "1"
    return f"?{urlencode(told)}"


def _opened(request: AccountRequest, endpoint: WebhookEndpoint, attempts: Sequence[WebhookAttempt]) -> Any:
    """The request that was asked for; by itself, the last failure of what still fails."""
    if asked := _uuid(request.GET.get("open", "")):
        return asked
    if endpoint.state == "active":
        return None
    return next((one.pk for one in attempts if not one.counts), None)


def _rows(attempts: Sequence[WebhookAttempt], opened: Any) -> list[Row]:
    seen: set[int] = set()
    rows = []
    for attempt in attempts:
        delivery, is_open = attempt.delivery, attempt.pk == opened
        # A page further back begins in the middle of a delivery: what has another request later is no last one.
        is_last = delivery.pk not in seen and not _has_later(attempt)
        seen.add(delivery.pk)
        waits = delivery.state == WebhookDelivery.State.WAITING
        rows.append(
            Row(
                attempt,
                delivery,
                answer_look(attempt, delivery, is_last=is_last),
                is_open,
                explained(attempt) if is_open and not attempt.counts else "",
                _body(attempt) if is_open else "",
                _curl(attempt) if is_open else "",
                not waits and delivery.kind != WebhookDelivery.Kind.TEST,
                waits,
            )
        )
    return rows


def _without_secrets(row: Row) -> Row:
    """An event of a click tells the link, and a server may say it back."""
    row.attempt.answer_body = hide_in_text(row.attempt.answer_body).text
    return replace(row, body=hide_in_text(row.body).text, curl="")


def _has_later(attempt: WebhookAttempt) -> bool:
    return not attempt.counts and attempt.delivery.attempts.filter(pk__gt=attempt.pk).exists()


def _curl(attempt: WebhookAttempt) -> str:
    """The whole request as a command; empty where it is too large to be copied by hand."""
    lines = lines_of(attempt.delivery)
    if not attempt.request_head or sum(map(len, lines)) > MOST_BODY_COPIED:
        return ""
    body = body_of(attempt.endpoint.format, lines).decode("utf-8", "replace")
    return as_curl(attempt.endpoint.url, attempt.request_head, body)


def _body(attempt: WebhookAttempt) -> str:
    """The body of the request: its first events, and how many more there were."""
    lines, shown = lines_of(attempt.delivery), list[bytes]()
    octets = 0
    for line in lines:
        if shown and octets + len(line) > MOST_BODY_SHOWN:
            break
        shown.append(line[:MOST_BODY_SHOWN])
        octets += len(line)
    text = body_of(attempt.endpoint.format, shown).decode("utf-8", "replace")
    left = len(lines) - len(shown)
    return text + ("\n" + _("… and %(count)s more events") % {"count": left} if left else "")


def _paging(attempts: Sequence[WebhookAttempt], before: uuid.UUID | None, only_failed: bool) -> dict[str, Any]:
    """Older by the id of the last one; newer is the newest page, for who has gone back."""
    rest = "&failed=1" if only_failed else ""
    count = min(len(attempts), PAGE)
    older = f"?before={attempts[PAGE - 1].pk}{rest}" if len(attempts) > PAGE else ""
    words = (
        ngettext("%(count)s request", "%(count)s requests", count)
        if before
        else ngettext("Newest request", "Newest %(count)s requests", count)
    )
    return {
        "older_url": older,
        "newer_url": f"?{rest.lstrip('&')}" if before else "",
        "page_rest": f"&before={before}" if before else "",
        "sentence": words % {"count": count},
    }


def _times(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The answer times of the last day, oldest first."""
    recent = endpoint.attempts.filter(started_at__gte=timezone.now() - timedelta(days=1), status__isnull=False)
    values = list(recent.order_by("-id").values_list("milliseconds", flat=True)[:TIMES])[::-1]
    if len(values) < 2:
        return {"times": []}
    return {"times": values, "median": median(values) / 1000, "slowest": max(values) / 1000}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
