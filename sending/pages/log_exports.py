"""Exports of the email log: a small one comes at once, a large one is written by a worker and fetched here."""

from datetime import datetime

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.partials import STOP_POLLING, render_page
from sending.log import export_rows, exports
from sending.log.query import Query
from sending.models import LogExport
from sending.pages.log_filters import address, filters_of, read_query
from sending.pages.reach import is_reached, narrowed, with_reach
from sending.pages.saved_views import asked_sentences

SHOWN = 20
"""Exports in the list, newest first."""
LOOKED_AT = 200
"""Among these are those that the reader may see."""
TYPES = {LogExport.Format.CSV: "text/csv; charset=utf-8", LogExport.Format.NDJSON: "application/x-ndjson"}


@account_view(Ability.VIEW, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def log_exports(request: AccountRequest) -> HttpResponseBase:
    """Asks for a file of what the filters in the address find; below, the files that were asked for."""
    filters = with_reach(request, filters_of(request.GET))
    if request.method == "POST":
        return _export(request, filters)
    rows = _newest(request)
    is_moving = any(row.state in exports.UNFINISHED for row in rows)
    context = {"exports": [_shown(request, row) for row in rows], "is_moving": is_moving}
    if request.GET.get("part") != "list":
        counted = exports.count(request.account, narrowed(request, read_query(filters)))
        context |= {
            "asked": asked_sentences(request, filters),
            "counted": counted,
            "is_small": exports.is_small(counted),
            "filters_url": address(filters),
            "columns": export_rows.COLUMNS,
            "kept_days": exports.KEPT.days,
        }
    stops = "part" in request.GET and not is_moving
    return render_page(
        request,
        "sending/log_exports.html",
        "sending/_log_exports.html",
        context,
        target="exports",
        status=STOP_POLLING if stops else 200,
    )


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def log_export_file(request: AccountRequest, export_id: int) -> HttpResponseBase:
    """The packed file, to anybody who may see all that is in it."""
    export = get_object_or_404(request.account.log_exports, pk=export_id)
    if not _is_reached(request, export):
        raise Http404
    try:
        file = exports.open_file(export, request=request)
    except exports.NoFile as problem:
        raise Http404 from problem
    name = f"{_name(export.created_at)}.{export.format}.gz"
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/gzip")
    response["Cache-Control"] = "private, no-store"
    return response


def _export(request: AccountRequest, filters: dict[str, str]) -> HttpResponseBase:
    kind, query = request.POST.get("format", ""), narrowed(request, read_query(filters))
    if kind not in LogExport.Format.values:
        raise Http404
    if exports.is_small(exports.count(request.account, query)):
        lines = exports.stream(request.account, query, kind, address(filters), request=request)
        name = f"{_name(timezone.now())}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return StreamingHttpResponse(lines, content_type=TYPES[LogExport.Format(kind)], headers=headers)
    try:
        exports.ask(request.account, request.user, query, kind, address(filters), request=request)
    except exports.TooMany:
        words = _("%(most)s exports are being written already. Wait until one of them is ready.")
        messages.error(request, words % {"most": exports.MOST_UNFINISHED})
    else:
        messages.success(request, _("The export has begun. You get a letter when the file is ready."))
    return redirect(reverse("sending:log_exports", args=[request.account.pk]) + address(filters))


def _newest(request: AccountRequest) -> list[LogExport]:
    rows = request.account.log_exports.select_related("user").order_by("-pk")
    return [row for row in rows[:LOOKED_AT] if _is_reached(request, row)][:SHOWN]


def _is_reached(request: AccountRequest, export: LogExport) -> bool:
    return is_reached(request, Query.from_json(export.query))


def _shown(request: AccountRequest, row: LogExport) -> dict[str, object]:
    share = exports.share_written(row) if row.state == LogExport.State.RUNNING else None
    return {
        "row": row,
        "asked": asked_sentences(request, filters_of(QueryDict(row.filters.removeprefix("?")))),
        "percent": None if share is None else round(share * 100),
        "deleted_at": exports.deleted_at(row) if row.state == LogExport.State.READY else None,
        "is_moving": row.state in exports.UNFINISHED,
    }


def _name(moment: datetime) -> str:
    return f"email-log-{timezone.localtime(moment):%Y-%m-%d-%H%M}"
