"""What an account stores about one address (GDPR, article 15): counted for a question, and whole as JSON."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from accounts.models import Account
from sending.log.paging import COUNT_TO
from sending.models import Attempt, CapturedMail, Content, Event, Message, Submission, Suppression, TrackingOptOut
from sending.models.content import unpack
from sending.models.identifiers import id_floor, time_of
from sending.suppressions import same_address
from sending.suppressions.marks import written

AT_ONCE = 200


def count(account: Account, address: str) -> dict[str, int]:
    """How much there is by kind; one above COUNT_TO stands for more."""
    email = same_address(address)
    ways = written(account.pk, email)
    found = {
        "emails": _messages(account, email),
        "suppressions": Suppression.objects.filter(account=account, email__in=ways),
        "tracking_opt_outs": TrackingOptOut.objects.filter(account=account, email__in=ways),
        "sandbox_mails": _captured(account, email),
    }
    return {name: rows.order_by().values("pk")[: COUNT_TO + 1].count() for name, rows in found.items()}


def pieces(account: Account, address: str) -> Iterator[str]:
    """One JSON object, a piece for each of its values; times in UTC (RFC 3339). Bodies are RFC 5322 as text."""
    email = same_address(address)
    yield '{"address": ' + _json(email)
    sections: Mapping[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "emails": lambda: _emails(account, email),
        "suppressions": lambda: _entries(Suppression, account, email, ("type", "stream", "created_at", "evidence")),
        "tracking_opt_outs": lambda: _entries(TrackingOptOut, account, email, ("created_at",)),
        "sandbox_mails": lambda: _sandbox_mails(account, email),
    }
    for name, read in sections.items():
        yield f',\n"{name}": ['
        for place, one in enumerate(read()):
            yield (",\n" if place else "\n") + _json(one)
        yield "]"
    yield "}\n"


def _messages(account: Account, email: str) -> Any:
    return Message.objects.annotate(lowered=Lower("recipient")).filter(account=account, lowered=email)


def _captured(account: Account, email: str) -> Any:
    """Near enough for a count; whoever reads the rows looks at each address."""
    mails = CapturedMail.objects.filter(sandbox__account=account).annotate(everybody=Cast("recipients", TextField()))
    return mails.filter(Q(recipient__iexact=email) | Q(everybody__icontains=f'"{email}"'))


def _emails(account: Account, email: str) -> Iterator[dict[str, Any]]:
    after = uuid.UUID(int=0)
    while True:
        messages = list(_messages(account, email).filter(pk__gt=after).order_by("pk")[:AT_ONCE])
        if not messages:
            return
        ids = [one.pk for one in messages]
        events = _by_message(Event, ids, ("type", "occurred_at", "details"))
        attempts = _by_message(Attempt, ids, ("started_at", "outcome", "mx_host", "reply_code", "reply_text"))
        handed = Submission.objects.in_bulk({one.submission_id for one in messages})
        bodies = _bodies(handed)
        for one in messages:
            submission = handed.get(one.submission_id)
            yield {
                **{name: getattr(one, name) for name in _OF_A_MESSAGE},
                "message_id": str(one.pk),
                "sent_at": time_of(one.pk),
                "custom_variables": submission.custom_variables if submission else {},
                "body": bodies.get(submission.content_id) if submission else None,
                "events": events.get(one.pk, []),
                "attempts": attempts.get(one.pk, []),
            }
        after = ids[-1]


_OF_A_MESSAGE = (
    "recipient", "from_address", "subject", "category", "stream", "status", "reply", "recipient_mx", "opens_count",
    "clicks_count", "opted_out_at",
)  # fmt: skip


def _by_message(model: Any, ids: list[uuid.UUID], fields: tuple[str, ...]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Both are as old as their message or younger."""
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    rows = model.objects.filter(message__in=ids, pk__gte=id_floor(time_of(min(ids)))).order_by("pk")
    for row in rows.values("message_id", *fields):
        found.setdefault(row.pop("message_id"), []).append(row)
    return found


def _bodies(handed: Mapping[Any, Submission]) -> dict[uuid.UUID, str]:
    rows = Content.objects.filter(pk__in=[one.content_id for one in handed.values()])
    return {row.pk: row.message.decode("utf-8", "replace") for row in rows}


def _entries(model: Any, account: Account, email: str, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    rows = model.objects.filter(account=account, email__in=written(account.pk, email)).order_by("pk")
    yield from rows.values(*fields, "domain__name")


def _sandbox_mails(account: Account, email: str) -> Iterator[dict[str, Any]]:
    for row in _captured(account, email).order_by("pk").iterator(20):
        yield {
            "received_at": row.received_at,
            "recipient": row.recipient,
            "subject": row.subject,
            "body": unpack(bytes(row.data)).decode("utf-8", "replace"),
        }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
