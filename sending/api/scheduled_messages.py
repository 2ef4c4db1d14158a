"""The general API's scheduled messages: one a submission, named by its id or by any of its message ids."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import StrictInt, StrictStr

from accounts.api_auth import ApiRequest, access_level, account_of, require_level
from accounts.scopes import ADMIN, READ
from domains.models import SendingDomain
from mailtrap_site.web.json_api import Invalid, instant
from sending.log.paging import find
from sending.models import Message, QueueEntry, Submission
from sending.models.identifiers import time_of
from sending.policy.refusal import Refusal
from sending.policy.send_time import read_send_time
from sending.queue.scheduled import (
    FIRST,
    By,
    Position,
    Scheduled,
    cancel,
    find_scheduled,
    list_scheduled,
    reschedule,
    send_now,
)

router = Router(tags=["Scheduled messages"])

PAGE = 100
TOO_LATE = "It is not scheduled any more: its time has come, or it was cancelled or held"


class NewTime(Schema):
    """A moment as in sending: RFC 3339 with its offset, or Unix seconds. One that has passed sends at once."""

    send_at: StrictStr | StrictInt


@router.get("/scheduled_messages", response=dict[str, Any])
def list_scheduled_messages(request: ApiRequest, account_id: int, search_after: str = "") -> dict[str, Any]:
    """Soonest first, 100 a page; `next_page_cursor` goes into `search_after` of the next call."""
    account = account_of(request, account_id)
    domain_ids = SendingDomain.objects.filter(account=account).values_list("pk", flat=True)
    readable = [one for one in domain_ids if access_level(request.auth, "domain", one) >= READ]
    found = list_scheduled(readable, after=_position(search_after), size=PAGE + 1)
    submissions = Submission.objects.in_bulk([one.submission_id for one in found[:PAGE]])
    return {
        "data": [_shown(one, submissions[one.submission_id]) for one in found[:PAGE]],
        "next_page_cursor": _cursor(found[PAGE - 1]) if len(found) > PAGE else None,
    }


@router.get("/scheduled_messages/{uuid:message_id}", response=dict[str, Any])
def get_scheduled_message(request: ApiRequest, account_id: int, message_id: uuid.UUID) -> dict[str, Any]:
    """One that waits for its time, with the message ids of its recipients; 404 once it has begun to leave."""
    submission = _submission(request, account_id, message_id)
    found = find_scheduled(account_id, submission.pk)
    if found is None:
        raise Http404
    return _shown_with_recipients(found, submission)


@router.patch("/scheduled_messages/{uuid:message_id}", response=dict[str, Any])
def update_scheduled_message(
    request: ApiRequest, account_id: int, message_id: uuid.UUID, body: NewTime
) -> dict[str, Any]:
    """Moves it to another time for all its recipients, as long as none has been tried; otherwise 409."""
    account, submission = account_of(request, account_id), _submission(request, account_id, message_id)
    require_level(request, ADMIN, "domain", submission.domain_id)
    send_at = read_send_time(body.send_at, timezone.now())
    if isinstance(send_at, Refusal):
        raise Invalid({"send_at": [send_at.detail]})
    found = find_scheduled(account_id, submission.pk)
    if found is None:
        raise HttpError(409, TOO_LATE)
    shown = _shown_with_recipients(found, submission)
    if send_at is None:
        done, shown["send_at"], shown["status"] = send_now(account, submission.pk, _by(request)), None, "enqueued"
    else:
        done, shown["send_at"] = reschedule(account, submission.pk, send_at, _by(request)), instant(send_at)
    if not done:
        raise HttpError(409, TOO_LATE)
    return shown


@router.delete("/scheduled_messages/{uuid:message_id}", response=dict[str, Any])
def cancel_scheduled_message(request: ApiRequest, account_id: int, message_id: uuid.UUID) -> dict[str, Any]:
    """Cancels it for all its recipients, as long as none has been tried; otherwise 409. They count as used no more."""
    account, submission = account_of(request, account_id), _submission(request, account_id, message_id)
    require_level(request, ADMIN, "domain", submission.domain_id)
    found = find_scheduled(account_id, submission.pk)
    shown = _shown_with_recipients(found, submission) if found is not None else {}
    if not cancel(account, submission.pk, _by(request)):
        raise HttpError(409, TOO_LATE)
    return shown | {"status": "cancelled"}


def _submission(request: ApiRequest, account_id: int, named: uuid.UUID) -> Submission:
    """The submission of this id or of this message; 404 where the token may not read its domain."""
    message = find(account_id, named)
    submission_id = named if message is None else message.submission_id
    submission = Submission.objects.filter(pk=submission_id, account=account_id).first()
    if submission is None or access_level(request.auth, "domain", submission.domain_id) < READ:
        raise Http404
    return submission


def _by(request: ApiRequest) -> By:
    return By(f"token “{request.auth.name}”", request)


def _shown(found: Scheduled, submission: Submission) -> dict[str, Any]:
    return {
        "id": str(submission.pk),
        "status": "scheduled",
        "send_at": instant(found.send_at),
        "accepted_at": instant(time_of(submission.pk)),
        "from": submission.from_header,
        "subject": submission.subject,
        "category": submission.category,
        "recipients_count": found.recipients,
        "sending_stream": submission.stream,
        "sending_domain_id": submission.domain_id,
        "domain_id": submission.domain_id,
    }


def _shown_with_recipients(found: Scheduled, submission: Submission) -> dict[str, Any]:
    waiting = QueueEntry.objects.filter(submission=submission, send_at__isnull=False)
    messages = Message.objects.filter(pk__in=list(waiting.values_list("pk", flat=True))).order_by("pk")
    return _shown(found, submission) | {
        "recipients": [{"message_id": str(one.pk), "kind": one.kind, "email": one.recipient} for one in messages]
    }


def _cursor(last: Scheduled) -> str:
    return f"{last.send_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{last.submission_id}"


def _position(text: str) -> Position:
    if not text:
        return FIRST
    moment, _, submission_id = text.partition("_")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), uuid.UUID(submission_id)
    except (ValueError, OverflowError) as problem:
        raise HttpError(400, "search_after must be the next_page_cursor of an earlier answer") from problem
