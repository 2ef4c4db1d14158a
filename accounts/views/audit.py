"""The audit log of an account: who did what to what, and the same as a file."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, audit_log
from accounts.audit_log import Query
from accounts.audit_words import words_of
from accounts.models import AuditEntry
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view

FILTERS = ("actor", "action", "target", "after", "until", "staff")


@account_view(Ability.VIEW_AUDIT)
@require_safe
def audit_page(request: AccountRequest) -> HttpResponse:
    """Newest first, filtered by the address."""
    filters = _filters_of(request.GET)
    below, above = _key(request.GET.get("below", "")), _key(request.GET.get("above", ""))
    page = audit_log.fetch(request.account, _query_of(filters), below=below, above=above)
    context = {
        "rows": [_shown(entry) for entry in page.rows],
        "filters": filters,
        "more_filters": any(name in filters for name in ("after", "until", "staff")),
        "actions": audit_log.choices(),
        "chips": list(_chips(filters)),
        "address": _address(filters),
        "is_newest": below is None and above is None,
        "newer": _address(filters, above=str(page.newer)) if page.newer else "",
        "older": _address(filters, below=str(page.older)) if page.older else "",
        "sentence": _("%(number)s acts on this page, newest first") % {"number": len(page.rows)},
    }
    return render(request, "accounts/audit.html", context)


@account_view(Ability.VIEW_AUDIT)
@require_POST
def audit_export(request: AccountRequest) -> StreamingHttpResponse:
    """What the filters leave, as CSV or NDJSON. That somebody took it stands in the log itself."""
    filters = _filters_of(request.GET)
    kind = "ndjson" if request.POST.get("format") == "ndjson" else "csv"
    changes = {"format": {"from": None, "to": kind}, "filters": {"from": None, "to": _address(filters)}}
    audit.record(
        "audit_log.exported", account=request.account, target=request.account, changes=changes, request=request
    )
    pieces = audit_log.ndjson_pieces if kind == "ndjson" else audit_log.csv_pieces
    name = f"audit-log-{request.account.pk}-{timezone.now():%Y-%m-%d}.{kind}"
    return StreamingHttpResponse(
        pieces(request.account, _query_of(filters)),
        content_type=f"{'application/x-ndjson' if kind == 'ndjson' else 'text/csv'}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


def _shown(entry: AuditEntry) -> dict[str, Any]:
    words, noun = audit_log.said(entry)
    return {
        "entry": entry,
        "words": words,
        "noun": noun,
        "actor": audit_log.actor_of(entry),
        # Who does something about themselves is named once.
        "target": "" if _is_oneself(entry) else entry.target_name,
        "address": audit_log.address_of(entry),
        "changes": audit_log.changes_of(entry),
    }


def _is_oneself(entry: AuditEntry) -> bool:
    """Whether somebody acted on themselves."""
    return entry.target_type == "user" and entry.target_id == str(entry.actor_id)


def _filters_of(asked: QueryDict) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := asked.get(name, "").replace("\0", "").strip()[:254])}


def _query_of(filters: Mapping[str, str]) -> Query:
    until = _midnight(filters.get("until", ""))
    return Query(
        actor=filters.get("actor", ""),
        action=filters.get("action", ""),
        target=filters.get("target", ""),
        since=_midnight(filters.get("after", "")),
        before=until + timedelta(days=1) if until else None,
        staff_only="staff" in filters,
    )


def _chips(filters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    sentences = {
        "actor": _("Done by %(value)s"),
        "action": _("Act is %(value)s"),
        "target": _("On %(value)s"),
        "after": _("On or after %(value)s"),
        "until": _("On or before %(value)s"),
        "staff": _("By support alone"),
    }
    for name, sentence in sentences.items():
        if value := filters.get(name):
            shown = words_of(value) if name == "action" else value
            yield sentence % {"value": shown[:80]}, _address(filters, **{name: ""})


def _address(filters: Mapping[str, str], **changed: str) -> str:
    kept = {name: value for name, value in {**filters, **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else "?"


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _midnight(text: str) -> datetime | None:
    """The start of that day in the reader's zone."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not 1970 < day.year < 9000:
        return None
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
