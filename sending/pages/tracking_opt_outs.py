"""Readers who do not want to be tracked: the list beside the suppressions, adding to it and removing from it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Account
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.partials import render_page, wants_fragment
from mailtrap_site.web.wording import figure_words
from sending.pages.log_filters import address, midnight, read_uuid
from sending.pages.suppression_additions import MOST_CHARACTERS, read_pasted
from sending.pages.suppression_filters import domain_choices, domain_id_of
from sending.suppressions.lists import COUNT_TO
from sending.tracking import opt_out_list, opt_outs

FILTERS = ("q", "domain", "after", "until")
TARGET = "opt-out-rows"


class OptOutForm(forms.Form):
    """Addresses as people paste them, and the domain whose mail is meant."""

    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("No address is here yet. Type or paste at least one.")},
    )
    domain = forms.ChoiceField(label=gettext_lazy("Mail from"))

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        domain = self.fields["domain"]
        assert isinstance(domain, forms.ChoiceField)
        domain.choices = domain_choices(account)

    def clean_addresses(self) -> list[str]:
        return read_pasted(self.cleaned_data["addresses"])


@account_view(Ability.VIEW)
@require_safe
def tracking_opt_outs(request: AccountRequest) -> HttpResponse:
    """The list with its filters, newest entry first."""
    filters, after = _filters_of(request.GET), read_uuid(request.GET.get("before", ""))
    query = _read_query(filters)
    page = opt_out_list.fetch(request.account.pk, query, after=after)
    domains = domain_choices(request.account)
    context = {
        "rows": page.rows,
        "filters": filters,
        "more_filters": any(name in filters for name in ("after", "until")),
        "domains": domains,
        "chips": list(_chips(filters, domains)),
        "paging": _paging(request.account.pk, filters, query, page, after),
        "is_newest": after is None,
        "is_bare": not page.rows and not filters and after is None,
        "may_manage": can(request.membership, Ability.MANAGE_SUPPRESSIONS),
    }
    template, fragment = "sending/tracking_opt_outs.html", "sending/_tracking_opt_out_rows.html"
    response = render_page(request, template, fragment, context, target=TARGET)
    if wants_fragment(request, TARGET):
        response["HX-Push-Url"] = request.path + address(filters)
    return response


@account_view(Ability.MANAGE_SUPPRESSIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def tracking_opt_outs_add(request: AccountRequest) -> HttpResponse:
    """Takes what was pasted."""
    form = OptOutForm(request.account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        emails = list(dict.fromkeys(chosen["addresses"]))
        added = opt_outs.add(request.account, int(chosen["domain"]), emails, opt_outs.By(request))
        known = len(emails) - added
        words = ngettext("%(count)s address was added.", "%(count)s addresses were added.", added)
        more = ngettext("%(count)s was there before.", "%(count)s were there before.", known) if known else ""
        said = [words % {"count": figure_words(added)}, more % {"count": figure_words(known)} if more else ""]
        messages.success(request, " ".join(filter(None, said)))
        return redirect("sending:tracking_opt_outs", request.account.pk)
    context = {"form": form, "has_domains": bool(domain_choices(request.account))}
    return render(request, "sending/tracking_opt_outs_add.html", context, status=422 if form.errors else 200)


@account_view(Ability.MANAGE_SUPPRESSIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def tracking_opt_out_removal(request: AccountRequest, opt_out_id: uuid.UUID) -> HttpResponse:
    """Asks, then takes one entry off the list."""
    entry = opt_out_list.find(request.account.pk, opt_out_id)
    if entry is None:
        raise Http404
    if request.method != "POST":
        return render(request, "sending/tracking_opt_out_removal.html", {"entry": entry})
    if opt_outs.remove(request.account, [entry.pk], opt_outs.By(request)):
        messages.success(request, _("%(address)s may be tracked again.") % {"address": entry.email})
    else:
        messages.error(request, _("Nothing was changed: somebody else was quicker."))
    return redirect("sending:tracking_opt_outs", request.account.pk)


def _filters_of(asked: QueryDict) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := asked.get(name, "").replace("\0", "").strip())}


def _read_query(filters: Mapping[str, str]) -> opt_out_list.Query:
    """What cannot be read is left out."""
    until = midnight(filters.get("until", ""))
    return opt_out_list.Query(
        beginning=filters.get("q", "")[:320],
        domain_id=domain_id_of(filters.get("domain", "")),
        since=midnight(filters.get("after", "")),
        before=until + timedelta(days=1) if until else None,
    )


def _chips(filters: Mapping[str, str], domains: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each filter as a sentence, with the address of the list without it."""
    sentences = {
        "q": _("Address begins with %(value)s"),
        "domain": _("Domain is %(value)s"),
        "after": _("Opted out on or after %(value)s"),
        "until": _("Opted out on or before %(value)s"),
    }
    names = dict(domains)
    for name, sentence in sentences.items():
        if value := filters.get(name):
            shown = names.get(value, value) if name == "domain" else value
            yield sentence % {"value": shown[:80]}, address(filters, **{name: ""})


def _paging(
    account_id: int,
    filters: Mapping[str, str],
    query: opt_out_list.Query,
    page: opt_out_list.Page,
    after: uuid.UUID | None,
) -> dict[str, str]:
    newer = ""
    if after is not None:
        above = opt_out_list.newer_than(account_id, query, page.rows[0].pk) if page.rows else None
        newer = address(filters, before=str(above or ""))
    older = address(filters, before=str(page.older)) if page.older else ""
    counted = opt_out_list.count(account_id, query)
    words = {"shown": figure_words(len(page.rows)), "total": figure_words(min(counted, COUNT_TO))}
    if counted > COUNT_TO:
        said = _("%(shown)s of more than %(total)s entries") % words
    elif counted == len(page.rows):
        said = ngettext("%(total)s entry", "%(total)s entries", counted) % words
    else:
        said = _("%(shown)s of %(total)s entries") % words
    return {"words": said, "newer": newer, "older": older}
