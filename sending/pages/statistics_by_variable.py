"""Statistics by the value of a custom variable, from the rows of the log, as a table and as a file."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.csv_lines import csv_line
from sending.log.by_variable import ByVariable, OfValue, by_variable
from sending.log.conditions import Condition
from sending.log.query import Query
from sending.pages.reach import narrowed
from sending.pages.statistics_asked import Asked, read

MOST_VALUES = 200
"""Of the page; the file has all."""
LONGEST_NAME = 100
_FILTERS = {
    "domain": "sending_domain_id",
    "stream": "sending_stream",
    "category": "category",
    "provider": "email_service_provider",
}
_COLUMNS = ("emails", "delivered", "bounced", "opened", "clicked", "opted_out")


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def statistics_by_variable(request: AccountRequest) -> HttpResponseBase:
    """Asks for the name of the variable, then shows its values; with `file` they are a CSV."""
    asked = read(request.GET, timezone.now(), request.domain_ids)
    name = request.GET.get("variable", "").replace("\0", "").strip()[:LONGEST_NAME]
    found = ByVariable([], None)
    if name:
        found = by_variable(request.account.pk, narrowed(request, query_of(asked)), name)
    if name and "file" in request.GET:
        return _file(found, asked)
    context = {
        "name": name,
        "asked": asked,
        "rows": [(one, _log_url(request.account.pk, asked, name, one)) for one in found.values[:MOST_VALUES]],
        "row_count": len(found.values),
        "looked_back_to": found.looked_back_to,
        "back": reverse("sending:statistics", args=[request.account.pk]) + asked.address(),
        "file": asked.address(variable=name, file="csv"),
    }
    return render(request, "sending/statistics_by_variable.html", context)


def query_of(asked: Asked) -> Query:
    """The question to the log for the same mail, by the time at which it was sent."""
    days = asked.days
    return Query(
        conditions=tuple(Condition(_FILTERS[name], "equal", (value,)) for name, value in asked.filters.items()),
        sent_after=datetime.combine(days.first, time(), UTC),
        sent_before=datetime.combine(days.last, time(), UTC) + timedelta(days=1),
    )


def _file(found: ByVariable, asked: Asked) -> HttpResponse | StreamingHttpResponse:
    lines = [csv_line(("value", *_COLUMNS))]
    lines += [csv_line((one.value, *(str(getattr(one, name)) for name in _COLUMNS))) for one in found.values]
    name = f"statistics-by-variable-{asked.days.first}-{asked.days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _log_url(account_id: int, asked: Asked, name: str, one: OfValue) -> str:
    days = {"after": asked.days.first.isoformat(), "until": asked.days.last.isoformat()}
    told = {"custom_variable.equal": f"{name}={one.value}"} | days
    return f"{reverse('sending:email_log', args=[account_id])}?{urlencode(told)}"
