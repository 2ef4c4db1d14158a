"""The email log: one row a recipient, newest first, filtered by the address of the page."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view, within
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged, wants_fragment
from mailtrap_site.web.wording import figure_words
from sending.log.paging import Page, count_newer, fetch, find, newer_than, total
from sending.log.query import Query
from sending.log.story import being_sent, state_of
from sending.models import Message, MessageStatus, Stream
from sending.pages import saved_views
from sending.pages.added_filter import groups, read_added
from sending.pages.log_filters import CONTROLS, address, chips, filters_of, read_query, read_uuid, tabs
from sending.pages.reach import narrowed
from sending.pages.snippets import first_mail, sending_domain
from sending.retention.terms import days_by_account

LIVE_SECONDS = 600
"""How long an open page asks for news; then it says that it has paused."""
STILL = "off"
"""The value of `live` in the address of a page that asks for no news."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message with the state that the list shows; `is_new` came since the reader last looked."""

    message: Message
    state: str
    is_new: bool = False


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def email_log(request: AccountRequest) -> HttpResponse:
    """The list with its filters; for an account that has sent nothing, how to send the first email."""
    filters, before = filters_of(request.GET), read_uuid(request.GET.get("before", ""))
    if (message_id := read_uuid(filters.get("q", ""))) and find(request.account.pk, message_id):
        return redirect("sending:message", account_id=request.account.pk, message_id=message_id)
    control, added = read_added(request.GET, request.account.pk, request.domain_ids)
    if wants_fragment(request, "filter-value"):
        return render(request, "sending/_filter_value.html", {"control": control})
    if added:
        return _with_filter(request, filters | added)
    query = narrowed(request, read_query(filters))
    page = fetch(request.account.pk, query, before=before)
    waits = "waiting" in request.GET
    is_whole = request.domain_ids is None
    if is_whole and not page.rows and not filters and before is None and "add" not in request.GET:
        if waits:
            return unchanged()
        first = first_mail(request, sending_domain(request))
        context = {"first": first, "may_send": can(request.membership, Ability.SEND)}
        return render(request, "sending/email_log_empty.html", context)
    context = _list_context(request, filters, query, page, before) | {"control": control}
    if waits and wants_fragment(request, "log"):
        return render(request, "sending/_email_log.html", context, status=STOP_POLLING)
    context["swaps_actions"] = wants_fragment(request, "log-rows")
    response = render_page(
        request, "sending/email_log.html", "sending/_email_log_rows.html", context, target="log-rows"
    )
    if wants_fragment(request, "log-rows"):
        # The form also sends what is empty; the address that is shared says only what is asked.
        response["HX-Push-Url"] = request.path + address(filters)
    return response


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def email_log_news(request: AccountRequest) -> HttpResponse:
    """What moved since the page was made: how many rows came, in a bar above the list; and states that changed.

    New rows never push what is being read.
    """
    asked, filters, now = request.GET, filters_of(request.GET), timezone.now()
    seen, since = read_uuid(asked.get("seen", "")), asked.get("since", "")
    if not since.isdecimal() or now.timestamp() - int(since[:12]) > LIVE_SECONDS:
        context = {"paused": True, "url": address(filters)}
        return render(request, "sending/_email_log_news.html", context, status=STOP_POLLING)
    fresh = count_newer(request.account.pk, narrowed(request, read_query(filters)), seen) if seen else 0
    known = dict(_known(asked.getlist("open")))
    own = within(request, Message.objects.filter(account=request.account, pk__in=known), "domain_id")
    rows = _rows(list(own), now)
    changed = [row for row in rows if known[row.message.pk] != row.state]
    if not changed and asked.get("fresh", "0") == str(fresh):
        return unchanged()
    poll = _news_address(filters, seen, since, fresh, rows)
    context = {"fresh": fresh, "changed": changed, "poll": poll, "url": address(filters, seen=str(seen or ""))}
    return render(request, "sending/_email_log_news.html", context)


def _with_filter(request: AccountRequest, filters: dict[str, str]) -> HttpResponse:
    """The list under the address that says all that is asked."""
    where = request.path + address(filters)
    if getattr(request, "htmx", None):
        return HttpResponse(headers={"HX-Redirect": where})
    return redirect(where)


def _list_context(
    request: AccountRequest, filters: dict[str, str], query: Query, page: Page, before: uuid.UUID | None
) -> dict[str, object]:
    now, seen = timezone.now(), read_uuid(request.GET.get("seen", ""))
    rows, views = _rows(page.rows, now, seen), saved_views.shown(request, filters)
    poll, is_still = "", request.GET.get("live") == STILL
    if before is None and not is_still:
        newest = page.rows[0].pk if page.rows and not query.scans else None
        poll = _news_address(filters, newest, str(int(now.timestamp())), 0, rows)
    return {
        "rows": rows,
        "filters": filters,
        "hidden": [(name, value) for name, value in filters.items() if name not in CONTROLS],
        "is_adding": "add" in request.GET,
        "addable": groups(),
        "days": days_by_account(now, [request.account.pk]).get(request.account.pk, 0),
        "views": views,
        "is_saved": any(one.is_current for one in views),
        "tabs": tabs(filters),
        "statuses": MessageStatus.choices,
        "streams": Stream.choices,
        "chips": chips(filters, request.account.pk, request.domain_ids),
        "paging": _paging(request.account.pk, filters, query, page, before),
        "looked_back_to": page.looked_back_to,
        "poll": poll,
        "is_still": is_still,
        "pause_url": address(filters, live=STILL),
        "live_url": address(filters),
        "is_newest": before is None,
    }


def _rows(messages: Sequence[Message], now: datetime, seen: uuid.UUID | None = None) -> list[Row]:
    sending = being_sent(messages, now)
    return [Row(one, state_of(one, sending), seen is not None and one.pk > seen) for one in messages]


def _news_address(
    filters: Mapping[str, str], seen: uuid.UUID | None, since: str, fresh: int, rows: Sequence[Row]
) -> str:
    """What the page tells when it asks for news: its newest row, and the rows whose state may still change."""
    unfinished = [f"{row.message.pk}.{row.state}" for row in rows if row.message.finished_at is None]
    told = [*filters.items(), ("since", since), ("fresh", str(fresh)), *(("open", one) for one in unfinished)]
    return urlencode([*told, ("seen", str(seen))] if seen else told)


def _known(told: Sequence[str]) -> "list[tuple[uuid.UUID, str]]":
    parts = [one.partition(".") for one in told[:100]]
    return [(message_id, state) for text, _dot, state in parts if (message_id := read_uuid(text))]


def _paging(
    account_id: int, filters: Mapping[str, str], query: Query, page: Page, before: uuid.UUID | None
) -> dict[str, str]:
    newer = ""
    if before is not None:
        above = None if query.scans else newer_than(account_id, query, before)
        newer = address(filters, before=str(above or ""))
    older = address(filters, before=str(page.older)) if page.older else ""
    return {"words": _paging_words(account_id, query, page, before), "newer": newer, "older": older}


def _paging_words(account_id: int, query: Query, page: Page, before: uuid.UUID | None) -> str:
    words = {"shown": figure_words(len(page.rows))}
    if query.scans:
        return ngettext("1 email that matches", "%(shown)s emails that match", len(page.rows)) % words
    counted = total(account_id, query)
    words["total"] = figure_words(counted.count)
    if counted.capped:
        return _("%(shown)s of more than %(total)s emails") % words
    if before is None:
        return _("Newest %(shown)s of %(total)s emails") % words
    return _("%(shown)s of %(total)s emails") % words
