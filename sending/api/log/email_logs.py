"""The general API's view of the email log (contract 2.8), under both key names of the sending domain."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import Http404
from ninja import Router
from ninja.errors import HttpError

from accounts.api_auth import ApiRequest, access_level, readable_domains, require_rate
from accounts.rate_limits import EMAIL_LOG, EMAIL_LOGS
from accounts.scopes import ADMIN
from mailtrap_site.web.json_api import instant
from sending.api.log.filters import read_filters
from sending.api.log.raw_messages import raw_message_url
from sending.events.counting import is_machine
from sending.events.lifecycle import contract_status
from sending.log.paging import fetch, find, total
from sending.log.story import events_of
from sending.models import Event, Message, Submission
from sending.policy.streams import hides_links
from sending.protocol.secret_links import hide_in_text

router = Router(tags=["Email logs"])

PAGE = 100
DETAILS: dict[str, tuple[str, ...]] = {
    Event.Type.DELIVERY: ("sending_ip", "recipient_mx", "email_service_provider"),
    Event.Type.OPEN: ("web_ip_address",),
    Event.Type.CLICK: ("click_url", "web_ip_address"),
    Event.Type.SOFT_BOUNCE: (
        "sending_ip",
        "recipient_mx",
        "email_service_provider",
        "email_service_provider_status",
        "email_service_provider_response",
        "bounce_category",
    ),
    Event.Type.SPAM: ("spam_feedback_type",),
    Event.Type.UNSUBSCRIBE: ("web_ip_address",),
    Event.Type.SUSPENSION: ("reject_reason",),
    Event.Type.REJECT: ("reject_reason",),
}
DETAILS[Event.Type.BOUNCE] = DETAILS[Event.Type.SOFT_BOUNCE]
"""The event types that the contract shows, each with its details; `accepted` is only ours."""


@router.get("/email_logs", response=dict[str, Any])
def list_email_logs(request: ApiRequest, account_id: int, search_after: str = "") -> dict[str, Any]:
    """Newest first, 100 a page; `next_page_cursor` goes into `search_after` of the next call.

    `total_count` is exact to 10,000. A filter that no index answers reads a bounded number of rows: then
    `searched_back_to` says how far this page looked, and its cursor goes on from there.
    """
    require_rate(request, EMAIL_LOGS, account_id)
    before = _cursor(search_after)
    query = read_filters(request.GET, readable_domains(request))
    page, counted = fetch(account_id, query, before=before, size=PAGE), total(account_id, query)
    submissions = _submissions(page.rows)
    return {
        "messages": [_shown(message, submissions.get(message.submission_id)) for message in page.rows],
        "total_count": counted.count,
        "total_count_capped": counted.capped,
        "next_page_cursor": str(page.older) if page.older else None,
        "searched_back_to": instant(page.looked_back_to) if page.looked_back_to else None,
    }


@router.get("/email_logs/{uuid:message_id}", response=dict[str, Any])
def get_email_log(request: ApiRequest, account_id: int, message_id: uuid.UUID) -> dict[str, Any]:
    """One message with its events, oldest first, and a link to its source that works for an hour."""
    require_rate(request, EMAIL_LOG, account_id)
    message, readable = find(account_id, message_id), readable_domains(request)
    if message is None or (readable is not None and message.domain_id not in readable):
        raise Http404
    administers = access_level(request.auth, "domain", message.domain_id) >= ADMIN
    hides = not administers and hides_links(account_id, message.stream)
    return {
        **_shown(message, _submissions([message]).get(message.submission_id)),
        "raw_message_url": raw_message_url(message, with_links=administers),
        "events": [_shown_event(event, hides=hides) for event in _told_events(message)],
    }


def _cursor(text: str) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as problem:
        raise HttpError(400, "search_after must be the next_page_cursor of an earlier answer") from problem


def _submissions(messages: Sequence[Message]) -> dict[uuid.UUID, Submission]:
    return Submission.objects.in_bulk({message.submission_id for message in messages})


def _shown(message: Message, submission: Submission | None) -> dict[str, Any]:
    return {
        "message_id": str(message.pk),
        "status": contract_status(message.status, message.opted_out_at).value,
        "subject": message.subject,
        "from": message.from_address,
        "to": message.recipient,
        "sent_at": instant(message.sent_at),
        "client_ip": submission.client_ip if submission else None,
        "category": message.category,
        "custom_variables": submission.custom_variables if submission else {},
        "sending_stream": message.stream,
        "sending_domain_id": message.domain_id,
        "domain_id": message.domain_id,
        "template_id": None,
        "template_variables": {},
        "opens_count": message.opens_count,
        "clicks_count": message.clicks_count,
        "rfc_message_id": submission.rfc_message_id if submission else None,
        "in_reply_to": None,
        "references": [],
        "thread_id": None,
    }


def _told_events(message: Message) -> list[Event]:
    """Without what programs opened or clicked, which counts nowhere; our pages show it apart."""
    return [event for event in events_of(message).filter(type__in=DETAILS) if not is_machine(event.details)]


def _shown_event(event: Event, *, hides: bool) -> dict[str, Any]:
    details = {name: event.details.get(name) for name in DETAILS[event.type]}
    if hides and details.get("click_url"):
        details["click_url"] = hide_in_text(details["click_url"]).text
    return {"event_type": event.type, "created_at": instant(event.occurred_at), "details": details}
