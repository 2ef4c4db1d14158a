"""Filters of the email log that people keep under a name, for everybody in their account.

Whoever looks after some domains finds their own, and those that ask for nothing but mail of these domains.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from sending.log.query import Query
from sending.models import SavedView
from sending.pages.log_filters import GROUPS, address, filters_of, read_query, sentences
from sending.pages.reach import is_reached, with_reach

MOST = 50
"""Views of one account."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A saved view as a link of the log; `url` is a query string."""

    name: str
    url: str
    is_current: bool


class ViewForm(forms.Form):
    """The name that a view gets."""

    name = forms.CharField(
        label=gettext_lazy("Name of the view"),
        max_length=60,
        help_text=gettext_lazy("Whoever sees this mail finds it above the email log."),
        error_messages={"required": gettext_lazy("The view needs a name. Type one, such as “Bounced invoices”.")},
    )


def shown(request: AccountRequest, filters: Mapping[str, str]) -> list[Shown]:
    """The account's views by name, as far as the reader reaches. The current one has the filters in force."""
    rows = _reached(request)
    return [Shown(row.name, f"?{row.query}", filters_of(QueryDict(row.query)) == filters) for row in rows]


@account_view(Ability.VIEW, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_view_add(request: AccountRequest) -> HttpResponse:
    """Asks for a name for the filters in the address, then keeps them."""
    filters = filters_of(request.GET)
    if not filters:
        return redirect("sending:email_log", request.account.pk)
    filters = with_reach(request, filters)
    form = ViewForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _keep(request, form, filters):
        messages.success(request, _("The view “%(name)s” was saved.") % {"name": form.cleaned_data["name"]})
        return redirect(reverse("sending:email_log", args=[request.account.pk]) + address(filters))
    context = {"form": form, "asked": asked_sentences(request, filters), "url": address(filters)}
    return render(request, "sending/saved_view_add.html", context, status=422 if form.errors else 200)


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def saved_view_list(request: AccountRequest) -> HttpResponse:
    """All views with what they ask, and how to remove one."""
    views = [(row, asked_sentences(request, filters_of(QueryDict(row.query)))) for row in _reached(request)]
    return render(request, "sending/saved_views.html", {"views": views})


@account_view(Ability.VIEW, by_domain=True)
@require_POST
def saved_view_removal(request: AccountRequest, view_id: int) -> HttpResponse:
    """Removes one; mail is not touched."""
    view = next((one for one in _reached(request) if one.pk == view_id), None)
    if view is None:
        raise Http404
    with transaction.atomic():
        audit.record("saved_view.removed", account=request.account, target=view, request=request)
        view.delete()
    messages.success(request, _("The view “%(name)s” was removed.") % {"name": view.name})
    return redirect("sending:saved_views", request.account.pk)


def asked_sentences(request: AccountRequest, filters: Mapping[str, str]) -> list[str]:
    """What the filters ask, the quick choice among them; nothing when they ask for all."""
    group = GROUPS.get(filters.get("group", ""), GROUPS[""])
    found = [_("Only: %(group)s") % {"group": group.word}] if group is not GROUPS[""] else []
    return found + [sentence for _name, sentence in sentences(filters, request.account.pk, request.domain_ids)]


def _reached(request: AccountRequest) -> list[SavedView]:
    rows = request.account.saved_views.select_related("made_by").order_by("name")[:MOST]
    return [row for row in rows if row.made_by_id == request.user.pk or is_reached(request, _query(row))]


def _query(view: SavedView) -> Query:
    return read_query(filters_of(QueryDict(view.query)))


def _keep(request: AccountRequest, form: ViewForm, filters: Mapping[str, str]) -> bool:
    if request.account.saved_views.count() >= MOST:
        form.add_error(None, _("An account keeps at most %(most)s views. Remove one first.") % {"most": MOST})
        return False
    try:
        with transaction.atomic():
            kept = SavedView.objects.create(
                account=request.account,
                name=form.cleaned_data["name"],
                query=address(filters).removeprefix("?"),
                made_by=request.user,
            )
            audit.record("saved_view.saved", account=request.account, target=kept, request=request)
    except IntegrityError:
        form.add_error("name", _("There is a view of this name already. Choose another one."))
        return False
    return True
