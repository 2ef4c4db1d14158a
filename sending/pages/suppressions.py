"""The suppression list: who gets no mail, why, and how they get it again."""

import uuid
from collections import Counter
from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view, within
from mailtrap_site.web.partials import render_page, wants_fragment
from mailtrap_site.web.wording import figure_words
from sending.log import paging as log
from sending.log.meanings import MEANINGS
from sending.models import Suppression
from sending.pages.log_filters import address, read_uuid
from sending.pages.reach import narrowed_entries, suppression_of
from sending.pages.suppression_filters import ALL_DOMAINS, chips, domain_choices, filters_of, read_query
from sending.suppressions import exporting, incidents, lists, store
from sending.suppressions.incidents import Span

WANTED_BY_READERS = (Suppression.Type.SPAM_COMPLAINT, Suppression.Type.UNSUBSCRIPTION)
MOST_CHOSEN = 200
"""Entries that one form may name; a page shows fewer."""


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def suppressions(request: AccountRequest) -> HttpResponse:
    """The list with its filters, newest entry first."""
    filters, after = filters_of(request.GET), read_uuid(request.GET.get("before", ""))
    query = narrowed_entries(request, read_query(filters))
    page = lists.fetch(request.account.pk, query, after=after)
    domains = domain_choices(request.account, request.domain_ids)
    context = {
        "rows": page.rows,
        "filters": filters,
        "more_filters": any(name in filters for name in ("after", "until")),
        "types": Suppression.Type.choices,
        "streams": Suppression.Scope.choices,
        "domains": domains,
        "all_domains": ALL_DOMAINS,
        "chips": list(chips(filters, domains)),
        "export": address(filters),
        "paging": _paging(request.account.pk, filters, query, page, after),
        "is_newest": after is None,
        "is_bare": not page.rows and not filters and after is None,
        "may_manage": can(request.membership, Ability.MANAGE_SUPPRESSIONS),
    }
    response = render_page(
        request, "sending/suppressions.html", "sending/_suppression_rows.html", context, target="suppression-rows"
    )
    if wants_fragment(request, "suppression-rows"):
        response["HX-Push-Url"] = request.path + address(filters)
    return response


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def suppressions_export(request: AccountRequest) -> StreamingHttpResponse:
    """What the filters leave, as a file."""
    query = narrowed_entries(request, read_query(filters_of(request.GET)))
    pieces = exporting.pieces(request.account.pk, query)
    name = f"suppressions-{request.account.pk}-{timezone.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def suppression(request: AccountRequest, suppression_id: uuid.UUID) -> HttpResponse:
    """One entry with its evidence."""
    entry = suppression_of(request, suppression_id)
    means = MEANINGS.get(str(entry.evidence.get("bounce_category")), "")
    context = {
        "entry": entry,
        "means": means,
        "message": log.find(request.account.pk, entry.message_id) if entry.message_id else None,
        "is_undoable": incidents.is_undoable(entry) and not request.membership.is_limited,
        "may_manage": can(request.membership, Ability.MANAGE_SUPPRESSIONS),
    }
    return render(request, "sending/suppression.html", context)


@account_view(Ability.MANAGE_SUPPRESSIONS, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def suppression_reactivate(request: AccountRequest, suppression_id: uuid.UUID) -> HttpResponse:
    """Asks, then takes one entry off the list."""
    entry = suppression_of(request, suppression_id)
    if request.method != "POST":
        return render(request, "sending/suppressions_reactivate.html", {"entries": [entry], "entry": entry})
    return _reactivated(request, store.reactivate(request.account, [entry.pk], store.By(request)))


@account_view(Ability.MANAGE_SUPPRESSIONS, by_domain=True)
@require_POST
def suppressions_reactivate(request: AccountRequest) -> HttpResponse:
    """Asks about the chosen entries, or all that the filters leave, then takes them off the list."""
    if "all" in request.POST:
        return _all(request)
    chosen = [one for text in request.POST.getlist("entry")[:MOST_CHOSEN] if (one := read_uuid(text))]
    if not chosen:
        messages.error(request, _("Nothing was chosen. Tick the addresses that are to get mail again."))
        return redirect("sending:suppressions", request.account.pk)
    entries = list(within(request, Suppression.objects.filter(account=request.account, pk__in=chosen)).order_by("-id"))
    if "sure" in request.POST:
        own = [entry.pk for entry in entries]
        return _reactivated(request, store.reactivate(request.account, own, store.By(request)))
    return render(request, "sending/suppressions_reactivate.html", {"entries": entries})


@account_view(Ability.MANAGE_SUPPRESSIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def suppression_incident(request: AccountRequest, suppression_id: uuid.UUID) -> HttpResponse:
    """ "It was us": says what shares the entry's cause, asks, and takes all of it off the list."""
    entry = suppression_of(request, suppression_id)
    if not incidents.is_undoable(entry):
        raise Http404
    if request.method != "POST":
        found = [incidents.incident_of(entry, span) for span in Span]
        return render(request, "sending/suppression_incident.html", {"entry": entry, "incidents": found})
    span = Span.EVER if request.POST.get("span") == Span.EVER else Span.DAY
    undone = incidents.undo(request.account, entry, span, store.By(request))
    words = ngettext("%(count)s address gets mail again.", "%(count)s addresses get mail again.", undone)
    messages.success(request, words % {"count": figure_words(undone)})
    return redirect("sending:suppressions", request.account.pk)


def _all(request: AccountRequest) -> HttpResponse:
    """What was counted in the question goes, and nothing that came on the list since."""
    filters = filters_of(request.GET)
    query = narrowed_entries(request, read_query(filters))
    until = read_uuid(request.POST.get("until", ""))
    found = lists.newest(request.account.pk, query, until=until)
    if "sure" in request.POST and until is not None:
        chosen = [entry for entry, _type in found]
        return _reactivated(request, store.reactivate(request.account, chosen, store.By(request)))
    counted, words = Counter(kind for _entry, kind in found), dict(Suppression.Type.choices)
    context = {
        "count": len(found),
        "is_part": len(found) == lists.COUNT_TO and lists.count(request.account.pk, query) > lists.COUNT_TO,
        "kinds": [(words.get(kind, kind), number, kind in WANTED_BY_READERS) for kind, number in counted.most_common()],
        "until": found[0][0] if found else "",
        "chips": [sentence for sentence, _url in chips(filters, domain_choices(request.account))],
        "filters_url": address(filters),
    }
    return render(request, "sending/suppressions_reactivate_all.html", context)


def _reactivated(request: AccountRequest, removed: list[Suppression]) -> HttpResponse:
    if len(removed) == 1:
        messages.success(request, _("%(address)s gets mail again.") % {"address": removed[0].email})
    elif removed:
        words = _("%(count)s entries were taken off the list.") % {"count": figure_words(len(removed))}
        messages.success(request, words)
    else:
        messages.error(request, _("Nothing was changed: somebody else was quicker."))
    return redirect("sending:suppressions", request.account.pk)


def _paging(
    account_id: int, filters: Mapping[str, str], query: lists.Query, page: lists.Page, after: uuid.UUID | None
) -> dict[str, str]:
    newer = ""
    if after is not None:
        above = lists.newer_than(account_id, query, page.rows[0].pk) if page.rows else None
        newer = address(filters, before=str(above or ""))
    older = address(filters, before=str(page.older)) if page.older else ""
    return {"words": _paging_words(account_id, query, page, after), "newer": newer, "older": older}


def _paging_words(account_id: int, query: lists.Query, page: lists.Page, after: uuid.UUID | None) -> str:
    counted = lists.count(account_id, query)
    words = {"shown": figure_words(len(page.rows)), "total": figure_words(min(counted, lists.COUNT_TO))}
    if counted > lists.COUNT_TO:
        return _("%(shown)s of more than %(total)s entries") % words
    if counted == len(page.rows):
        return ngettext("%(total)s entry", "%(total)s entries", counted) % words
    if after is None:
        return _("Newest %(shown)s of %(total)s entries") % words
    return _("%(shown)s of %(total)s entries") % words
