"""Files of what a filter of the email log finds: asked for here, written by `export_job`, fetched here."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, User
from mailtrap_site.wake import nudge
from sending.log import export_rows
from sending.log.paging import Total, total
from sending.log.query import Query
from sending.models import LogExport
from sending.models.identifiers import time_of
from sending.retention.terms import days_by_account

KEPT = timedelta(days=7)
"""Or as long as the plan keeps the rows themselves, if that is shorter."""
MOST_UNFINISHED = 3
"""Files of one account that wait or are being written."""
UNFINISHED = (LogExport.State.WAITING, LogExport.State.RUNNING)


class TooMany(Exception):
    """The account has asked for as many files as may be unfinished at once."""


class NoFile(Exception):
    """It is not ready yet, or was deleted."""


def is_small(counted: Total) -> bool:
    """Whether the rows are few enough to be sent while somebody waits."""
    return not counted.capped


def count(account: Account, query: Query) -> Total:
    """How many rows the file would have, as far as counting costs little."""
    return total(account.pk, query)


def open_file(export: LogExport, *, request: HttpRequest | None = None, actor_name: str = audit.SYSTEM) -> IO[bytes]:
    """The packed file, for reading; the audit log says who took it. Raises NoFile."""
    ends = deleted_at(export)
    if export.state != LogExport.State.READY or ends is None or ends <= timezone.now():
        raise NoFile
    try:
        file = path_of(export).open("rb")
    except OSError as problem:
        raise NoFile from problem
    audit.record("log_export.fetched", account=export.account, target=export, request=request, actor_name=actor_name)
    return file


def stream(
    account: Account, query: Query, kind: str, filters: str, *, request: HttpRequest | None = None
) -> Iterator[str]:
    """The file at once, line by line, for what is small."""
    _note("log_export.downloaded", account, kind, filters, request=request)
    return _lines(account.pk, query, kind)


def ask(
    account: Account,
    user: User | None,
    query: Query,
    kind: str,
    filters: str,
    *,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> LogExport:
    """A file that a worker writes; `user` is told when it is ready, and nobody where a program asks. Raises TooMany."""
    with transaction.atomic():
        # The account's row makes two who ask at once take turns.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if LogExport.objects.filter(account=account, state__in=UNFINISHED).count() >= MOST_UNFINISHED:
            raise TooMany
        made = LogExport.objects.create(
            account=account,
            user=user,
            format=kind,
            filters=filters,
            query=query.to_json(),
            file=f"{account.pk}-{uuid4().hex}.{kind}.gz",
        )
        _note("log_export.asked", account, kind, filters, target=made, request=request, actor_name=actor_name)
        nudge("sending.write_exports", queue="upkeep")
    return made


def path_of(export: LogExport) -> Path:
    """Where its file lies. Raises ValueError for a name that we did not give."""
    if not re.fullmatch(r"[0-9]+-[0-9a-f]{32}\.(csv|ndjson)\.gz", export.file):
        raise ValueError("no file of an export")
    return Path(settings.EXPORTS_ROOT) / export.file


def deleted_at(export: LogExport) -> datetime | None:
    """When its file is deleted; None while it is not ready."""
    if export.finished_at is None:
        return None
    days = days_by_account(timezone.now(), [export.account_id]).get(export.account_id, 0)
    return export.finished_at + min(KEPT, timedelta(days=days))


def share_written(export: LogExport) -> float | None:
    """0 to 1, by the time that its rows span; None before the first."""
    if export.cursor is None:
        return None
    query = Query.from_json(export.query)
    days = days_by_account(export.created_at, [export.account_id]).get(export.account_id, 0)
    ends = export.created_at - timedelta(days=days)
    low = max(query.sent_after, ends) if query.sent_after else ends
    high = min(query.sent_before, export.created_at) if query.sent_before else export.created_at
    span = (high - low).total_seconds()
    return min(max((high - time_of(export.cursor)).total_seconds() / span, 0.0), 1.0) if span > 0 else None


def _lines(account_id: int, query: Query, kind: str) -> Iterator[str]:
    yield export_rows.head(kind)
    for batch in export_rows.batches(account_id, query, kind):
        yield batch.text


def _note(
    action: str,
    account: Account,
    kind: str,
    filters: str,
    *,
    target: LogExport | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> None:
    changes = {"format": {"from": None, "to": kind}, "filters": {"from": None, "to": filters[:2_000]}}
    audit.record(action, account=account, target=target, changes=changes, request=request, actor_name=actor_name)
