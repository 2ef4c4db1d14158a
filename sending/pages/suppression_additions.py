"""Putting addresses on the suppression list: pasted, or as a file that a worker reads while the page tells how far."""

import csv
import re
from collections.abc import Collection
from io import StringIO
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Account
from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.csv_lines import harmless
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged
from mailtrap_site.web.wording import figure_words, size_words
from sending.models import Suppression, SuppressionImport
from sending.pages.suppression_filters import ALL_DOMAINS, domain_choices, domain_id_of
from sending.protocol.address import AddressError
from sending.suppressions import importing, store
from sending.suppressions.import_lines import MOST_ENTRIES, MOST_OCTETS, FileRefused, address_of, printable
from sending.suppressions.line_words import line_words

MOST_PASTED = 1_000
MOST_CHARACTERS = MOST_PASTED * 400
BAD_NAMED = 10
SHOWN_LINES = 50
"""Bad lines on the page; the file has all that were kept."""
RECENT = 20


class ScopeForm(forms.Form):
    """Which mail the addresses get no more of."""

    domain = forms.ChoiceField(label=gettext_lazy("Mail from"))
    stream = forms.ChoiceField(
        label=gettext_lazy("Stream"), choices=Suppression.Scope, initial=Suppression.Scope.ANY.value
    )

    def __init__(self, account: Account, *args: Any, domain_ids: Collection[int] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        domain = self.fields["domain"]
        assert isinstance(domain, forms.ChoiceField)
        whole = [(ALL_DOMAINS, _("All domains"))] if domain_ids is None else []
        domain.choices = [*whole, *domain_choices(account, domain_ids)]

    @property
    def domain_id(self) -> int | None:
        return domain_id_of(self.cleaned_data["domain"]) or None


class PasteForm(ScopeForm):
    """Addresses as people paste them: one a line, or with commas or semicolons between."""

    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("No address is here yet. Type or paste at least one.")},
    )
    field_order = ("addresses", "domain", "stream")

    def clean_addresses(self) -> list[str]:
        return read_pasted(self.cleaned_data["addresses"])


class ImportForm(ScopeForm):
    """A file, and what holds for lines that say nothing themselves."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        error_messages={
            "required": gettext_lazy("No file was chosen. Choose the one that is to be imported."),
            "empty": gettext_lazy("This file is empty."),
        },
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=Suppression.Type, initial=Suppression.Type.MANUAL_IMPORT.value
    )
    field_order = ("file", "type", "domain", "stream")


@account_view(Ability.MANAGE_SUPPRESSIONS, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions_add(request: AccountRequest) -> HttpResponse:
    """Takes what was pasted."""
    form = PasteForm(request.account, request.POST or None, domain_ids=request.domain_ids)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        entries = [store.New(email, form.domain_id, chosen["stream"]) for email in dict.fromkeys(chosen["addresses"])]
        added = store.add(request.account, entries, store.By(request))
        known = len(entries) - added
        words = ngettext("%(count)s address was added.", "%(count)s addresses were added.", added)
        more = ngettext("%(count)s was there before.", "%(count)s were there before.", known) if known else ""
        said = [words % {"count": figure_words(added)}, more % {"count": figure_words(known)} if more else ""]
        messages.success(request, " ".join(filter(None, said)))
        return redirect("sending:suppressions", request.account.pk)
    return render(request, "sending/suppressions_add.html", {"form": form}, status=422 if form.errors else 200)


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions_import(request: AccountRequest) -> HttpResponse:
    """Takes a file in; below, what became of the last ones."""
    form = ImportForm(request.account, request.POST or None, request.FILES or None)
    if request.method == "POST":
        require(request, Ability.MANAGE_SUPPRESSIONS)
        if form.is_valid():
            try:
                made = _begin(request, form)
            except FileRefused as refused:
                form.add_error("file", _refused_words(refused.code))
            else:
                return redirect("sending:suppression_import", request.account.pk, made.pk)
    recent = SuppressionImport.objects.filter(account=request.account).defer("content", "bad_lines").order_by("-id")
    context = {
        "form": form,
        "recent": recent[:RECENT],
        "may_manage": can(request.membership, Ability.MANAGE_SUPPRESSIONS),
        "most_size": size_words(MOST_OCTETS),
        "most_lines": MOST_ENTRIES,
    }
    return render(request, "sending/suppressions_import.html", context, status=422 if form.errors else 200)


@account_view(Ability.VIEW)
@require_safe
def suppression_import(request: AccountRequest, import_id: int) -> HttpResponse:
    """How far a file is, and its bad lines; the page asks until it is done."""
    one = _import_of(request, import_id)
    seen = str(one.position)
    is_done = one.finished_at is not None
    if request.GET.get("seen") == seen and not is_done:
        return unchanged()
    context = {
        "one": one,
        "percent": 100 if is_done else one.position * 100 // max(one.entries, 1),
        "poll": "" if is_done else f"?seen={seen}",
        "bad_lines": [line_words(*line) for line in one.bad_lines[:SHOWN_LINES]],
    }
    return render_page(
        request,
        "sending/suppression_import.html",
        "sending/_suppression_import.html",
        context,
        target="import",
        status=STOP_POLLING if is_done and "seen" in request.GET else 200,
    )


@account_view(Ability.VIEW)
@require_safe
def suppression_import_lines(request: AccountRequest, import_id: int) -> HttpResponse:
    """The bad lines that were kept, as a file."""
    one, text = _import_of(request, import_id), StringIO()
    lines = csv.writer(text)
    lines.writerow(["line", "text", "reason"])
    for line in one.bad_lines:
        number, shown, reason = line_words(*line)
        lines.writerow([number, harmless(shown), reason])
    headers = {"Content-Disposition": f'attachment; filename="bad-lines-{one.pk}.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def read_pasted(text: str) -> list[str]:
    """Addresses, one a line or with commas or semicolons between. Raises forms.ValidationError with what is wrong."""
    parts = [part.strip() for part in re.split(r"[\n,;]", text)]
    named = [part for part in parts if part]
    if len(named) > MOST_PASTED:
        words = {"count": figure_words(len(named)), "most": figure_words(MOST_PASTED)}
        raise forms.ValidationError(
            _("These are %(count)s addresses, and %(most)s can be pasted at once. Import them as a file.") % words
        )
    read: list[str] = []
    bad: list[str] = []
    for part in named:
        try:
            read.append(address_of(part))
        except AddressError as error:
            bad.append(f"{printable(part)}: {_(error.sentence)}")
    if bad:
        raise forms.ValidationError([_words_of_bad(bad), *bad[:BAD_NAMED]])
    return read


def _import_of(request: AccountRequest, import_id: int) -> SuppressionImport:
    rows = SuppressionImport.objects.filter(account=request.account).select_related("domain").defer("content")
    return get_object_or_404(rows, pk=import_id)


def _begin(request: AccountRequest, form: ImportForm) -> SuppressionImport:
    file, chosen = form.cleaned_data["file"], form.cleaned_data
    if file.size > MOST_OCTETS:
        raise FileRefused("too_large")
    scope = importing.Chosen(form.domain_id, chosen["stream"], chosen["type"])
    return importing.begin(request.account, file.name, file.read(), scope, store.By(request))


def _words_of_bad(bad: list[str]) -> str:
    words = ngettext(
        "Nothing was added: %(count)s of these is no address.",
        "Nothing was added: %(count)s of these are no addresses.",
        len(bad),
    )
    return words % {"count": figure_words(len(bad))}


def _refused_words(code: str) -> str:
    words = {
        "too_large": _("The file is larger than %(size)s. Split it, and import the parts one after the other."),
        "empty": _("There is no address in this file."),
        "no_addresses": _(
            "None of its columns is called “email” or “address”. Put the names of the columns into the first line, or "
            "one address on each line and nothing else."
        ),
        "too_many_lines": _("The file has more than %(lines)s entries. Split it, and import one part at a time."),
        "too_many_open": _("Three of your files are still being imported. Wait until one of them is done."),
    }
    return words[code] % {"size": size_words(MOST_OCTETS), "lines": figure_words(MOST_ENTRIES)}
