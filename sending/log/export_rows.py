"""Rows of the email log as lines of a file. What each column holds is part of what we promise: see `COLUMNS`."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from domains.models import SendingDomain
from mailtrap_site.web.csv_lines import csv_line
from sending.events.lifecycle import contract_status
from sending.log.paging import fetch
from sending.log.query import Query
from sending.models import LogExport, Message, Submission

AT_ONCE = 1_000
"""Rows that are held in memory."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, its meaning for people, and its value, which JSON can hold."""

    name: str
    meaning: str | Promise
    value: Callable[["_Row"], Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as text; `older` goes on from there, None at the end."""

    text: str
    rows: int
    older: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Row:
    message: Message
    submission: Submission | None
    domain: str


def _moment(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


COLUMNS: tuple[Column, ...] = (
    Column("message_id", _("The id of the email to this recipient, as in the API"), lambda row: str(row.message.pk)),
    Column("sent_at", _("When it was accepted (UTC, RFC 3339)"), lambda row: _moment(row.message.sent_at)),
    Column(
        "status",
        _("enqueued, delivered, not_delivered or opted_out, as in the API"),
        lambda row: contract_status(row.message.status, row.message.opted_out_at).value,
    ),
    Column(
        "state",
        _("More exactly: scheduled, queued, deferred, uncertain, held, delivered, bounced, rejected or cancelled"),
        lambda row: row.message.status,
    ),
    Column("to", _("The recipient’s address"), lambda row: row.message.recipient),
    Column("to_kind", _("to, cc, bcc, or auto_bcc for an automatic copy"), lambda row: row.message.kind),
    Column("from", _("The sender’s address"), lambda row: row.message.from_address),
    Column("subject", _("The subject"), lambda row: row.message.subject),
    Column("category", _("The category; empty without one"), lambda row: row.message.category),
    Column(
        "custom_variables",
        _("An object of JSON"),
        lambda row: row.submission.custom_variables if row.submission else {},
    ),
    Column("stream", _("transactional or bulk"), lambda row: row.message.stream),
    Column("domain", _("The sending domain’s name; empty once it is deleted"), lambda row: row.domain),
    Column("domain_id", _("The sending domain’s id, as in the API"), lambda row: row.message.domain_id),
    Column(
        "provider", _("The mailbox provider; empty where we do not know the server"), lambda row: row.message.provider
    ),
    Column("recipient_mx", _("The mail server that answered last"), lambda row: row.message.recipient_mx),
    Column("response", _("Its last answer, in one line"), lambda row: row.message.reply),
    Column("sending_ip", _("The address that we sent from"), lambda row: row.message.sending_ip),
    Column(
        "client_ip",
        _("The address that handed it over"),
        lambda row: row.submission.client_ip if row.submission else None,
    ),
    Column("attempts", _("How often we tried"), lambda row: row.message.attempts),
    Column(
        "finished_at", _("When it was settled (UTC); empty until then"), lambda row: _moment(row.message.finished_at)
    ),
    Column("opens_count", _("How often it was opened"), lambda row: row.message.opens_count),
    Column("clicks_count", _("How often a link was clicked"), lambda row: row.message.clicks_count),
    Column(
        "opted_out_at",
        _("When the recipient unsubscribed or reported spam (UTC)"),
        lambda row: _moment(row.message.opted_out_at),
    ),
    Column(
        "rfc_message_id",
        _("The Message-ID of the email"),
        lambda row: row.submission.rfc_message_id if row.submission else None,
    ),
)
"""New ones are added at the end."""


def head(kind: str) -> str:
    """What stands before the first row."""
    return csv_line(column.name for column in COLUMNS) if kind == LogExport.Format.CSV else ""


def batches(account_id: int, query: Query, kind: str, before: uuid.UUID | None = None) -> Iterator[Batch]:
    """The rows that answer, newest first, older than `before`; those behind the plan's days are never among them."""
    names = dict(SendingDomain.objects.filter(account=account_id).values_list("pk", "name"))
    while True:
        page = fetch(account_id, query, before=before, size=AT_ONCE)
        text = "".join(_line(row, kind) for row in _rows(page.rows, names))
        yield Batch(text, len(page.rows), page.older)
        before = page.older
        if before is None:
            return


def _rows(messages: Sequence[Message], names: dict[int, str]) -> Iterator[_Row]:
    submissions = Submission.objects.defer("from_header", "subject").in_bulk({one.submission_id for one in messages})
    for one in messages:
        yield _Row(one, submissions.get(one.submission_id), names.get(one.domain_id, ""))


def _line(row: _Row, kind: str) -> str:
    values = {column.name: column.value(row) for column in COLUMNS}
    if kind == LogExport.Format.NDJSON:
        return json.dumps(values, ensure_ascii=False) + "\n"
    return csv_line(_cell(value) for value in values.values())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
