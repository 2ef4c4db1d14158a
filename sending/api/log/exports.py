"""Files of the email log over the general API: asked for, looked at, fetched. An extension of ours.

A token that sees single domains cannot have them: the files of an account are for those who see all of it.
"""

from typing import Any

from django.http import FileResponse, Http404, HttpResponseBase
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from accounts.api_auth import ApiRequest, account_of, require_level, require_rate
from accounts.rate_limits import EMAIL_LOGS
from accounts.scopes import READ
from mailtrap_site.web.json_api import instant
from sending.api.log.filters import read_filters
from sending.log import exports
from sending.models import LogExport

router = Router(tags=["Email logs"])

SHOWN = 20
"""In a list, newest first."""


class NewExport(Schema):
    """What the file is once it is unpacked."""

    format: LogExport.Format = LogExport.Format.NDJSON


@router.post("/email_logs/exports", response={202: dict[str, Any]})
def create_export(request: ApiRequest, account_id: int, body: NewExport) -> Any:
    """Asks for a file of what the filters find, which stand in the address as those of the list do. 429 while as many
    files of the account are being written as may be."""
    account = _account(request, account_id)
    try:
        made = exports.ask(
            account,
            None,
            read_filters(request.GET, None),
            body.format.value,
            "",
            actor_name=f"token “{request.auth.name}”",
            request=request,
        )
    except exports.TooMany as problem:
        words = f"{exports.MOST_UNFINISHED} exports are being written already. Wait until one of them is ready."
        raise HttpError(429, words) from problem
    return Status(202, _shown(made))


@router.get("/email_logs/exports", response=dict[str, Any])
def list_exports(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """The newest 20, those of the pages among them."""
    account = _account(request, account_id)
    return {"exports": [_shown(one) for one in account.log_exports.order_by("-pk")[:SHOWN]]}


@router.get("/email_logs/exports/{int:export_id}", response=dict[str, Any])
def get_export(request: ApiRequest, account_id: int, export_id: int) -> dict[str, Any]:
    """One of them; its file is there while `state` is "ready"."""
    return _shown(_find(request, account_id, export_id))


@router.get("/email_logs/exports/{int:export_id}/file", response={200: None}, url_name="export_file")
def get_export_file(request: ApiRequest, account_id: int, export_id: int) -> HttpResponseBase:
    """The file, packed with gzip. 404 before it is ready and after it was deleted."""
    export = _find(request, account_id, export_id)
    try:
        file = exports.open_file(export, request=request, actor_name=f"token “{request.auth.name}”")
    except exports.NoFile as problem:
        raise Http404 from problem
    name = f"email-log-{export.pk}.{export.format}.gz"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/gzip")


def _account(request: ApiRequest, account_id: int) -> Any:
    require_rate(request, EMAIL_LOGS, account_id)
    account = account_of(request, account_id)
    require_level(request, READ)
    return account


def _find(request: ApiRequest, account_id: int, export_id: int) -> LogExport:
    found: LogExport | None = _account(request, account_id).log_exports.filter(pk=export_id).first()
    if found is None:
        raise Http404
    return found


def _shown(export: LogExport) -> dict[str, Any]:
    ends = exports.deleted_at(export) if export.state == LogExport.State.READY else None
    is_over = ends is not None and ends <= timezone.now()
    return {
        "id": export.pk,
        "format": export.format,
        "state": LogExport.State.GONE.value if is_over else export.state,
        "rows": export.rows,
        "size": export.size,
        "created_at": instant(export.created_at),
        "finished_at": instant(export.finished_at) if export.finished_at else None,
        "deleted_at": instant(ends) if ends else None,
    }
