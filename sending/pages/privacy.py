"""What people may ask about stored data: of one recipient, and of the account. Addresses are posted, never in a URL,
since URLs are kept in many places."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.web.partials import STOP_POLLING, render_page
from sending.log.paging import COUNT_TO
from sending.models import Archive, Erasure
from sending.pages.erasure_words import COUNTED, counted
from sending.privacy import archive, archive_files, erasure, holdings
from sending.protocol.address import AddressError
from sending.suppressions.import_lines import address_of
from sending.suppressions.marks import ERASED, mark_of
from sending.suppressions.store import By

SHOWN = 20
"""Erasures and archives in the lists, newest first."""


class AddressForm(forms.Form):
    """One email address."""

    address = forms.CharField(
        label=gettext_lazy("Email address"), max_length=320, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_address(self) -> str:
        """As lists have it."""
        try:
            address = address_of(self.cleaned_data["address"])
        except AddressError as problem:
            raise forms.ValidationError(_("This is no email address. Write it as rita@example.com.")) from problem
        if address == ERASED:
            raise forms.ValidationError(_("This stands for addresses that are erased already."))
        return address


class ErasureForm(AddressForm):
    """What is to become of the address."""

    keep_out = forms.BooleanField(
        label=gettext_lazy("Send it no mail from now on either"),
        required=False,
        initial=True,
        help_text=gettext_lazy("A digest that only matches the address goes on the suppression list."),
    )


@account_view(Ability.MANAGE_PRIVACY)
@require_http_methods(["GET", "HEAD", "POST"])
def privacy(request: AccountRequest) -> HttpResponse:
    """The forms and the lists; an address that was posted leads to the question about it."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _question(request, form.cleaned_data["address"])
    archives = list(request.account.archives.select_related("user").order_by("-pk")[:SHOWN])
    is_moving = any(one.state == Archive.State.WRITTEN for one in archives)
    context = {
        "form": form,
        "erasures": request.account.erasures.select_related("created_by").order_by("-pk")[:SHOWN],
        "archives": [{"row": one, "percent": archive.percent(one), **_file(one)} for one in archives],
        "is_moving": is_moving,
        "kept_days": archive_files.KEPT.days,
    }
    stops = request.GET.get("part") == "archives" and not is_moving
    status = STOP_POLLING if stops else 422 if form.is_bound else 200
    return render_page(
        request, "sending/privacy.html", "sending/_archives.html", context, target="archives", status=status
    )


@account_view(Ability.MANAGE_PRIVACY)
@require_POST
def privacy_recipient_file(request: AccountRequest) -> HttpResponseBase:
    """What is stored about an address, as a file."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        raise Http404
    address = form.cleaned_data["address"]
    digest = {"digest": {"from": None, "to": mark_of(request.account.pk, address)}}
    audit.record("recipient.exported", account=request.account, changes=digest, request=request)
    headers = {
        "Content-Disposition": f'attachment; filename="recipient-{timezone.localdate():%Y-%m-%d}.json"',
        "Cache-Control": "private, no-store",
    }
    pieces = holdings.pieces(request.account, address)
    return StreamingHttpResponse(pieces, content_type="application/json", headers=headers)


@account_view(Ability.MANAGE_PRIVACY)
@require_POST
def privacy_erasures(request: AccountRequest) -> HttpResponse:
    """Begins an erasure."""
    form = ErasureForm(request.POST)
    if not form.is_valid():
        return redirect("sending:privacy", request.account.pk)
    chosen = form.cleaned_data
    try:
        row = erasure.ask(request.account, chosen["address"], By(request), keep_out=chosen["keep_out"])
    except erasure.TooMany:
        words = _("%(most)s erasures are under way. Wait until one of them is done.")
        messages.error(request, words % {"most": erasure.MOST_OPEN})
        return redirect("sending:privacy", request.account.pk)
    return redirect("sending:privacy_erasure", request.account.pk, row.pk)


@account_view(Ability.MANAGE_PRIVACY)
@require_safe
def privacy_erasure(request: AccountRequest, erasure_id: int) -> HttpResponse:
    """How far it is; once it is done, the certificate."""
    row = get_object_or_404(request.account.erasures.select_related("created_by"), pk=erasure_id)
    stages = list(Erasure.Stage)
    context = {
        "row": row,
        "counts": counted(row.counts),
        "percent": round(100 * stages.index(Erasure.Stage(row.stage)) / (len(stages) - 1)),
        "is_moving": row.finished_at is None,
    }
    stops = "part" in request.GET and row.finished_at is not None
    return render_page(
        request,
        "sending/erasure.html",
        "sending/_erasure.html",
        context,
        target="erasure",
        status=STOP_POLLING if stops else 200,
    )


@account_view(Ability.MANAGE_PRIVACY)
@require_POST
def privacy_archives(request: AccountRequest) -> HttpResponse:
    """Begins the archive of the account."""
    try:
        archive.ask(request.account, request.user, request)
    except archive.AlreadyWritten:
        messages.error(request, _("An archive is being written already."))
    else:
        messages.success(request, _("The archive is being written. You get a letter when it is ready."))
    return redirect("sending:privacy", request.account.pk)


@account_view(Ability.MANAGE_PRIVACY)
@require_safe
def privacy_archive_file(request: AccountRequest, archive_id: int) -> HttpResponseBase:
    """The file, while it is kept."""
    row = get_object_or_404(request.account.archives, pk=archive_id)
    if not archive_files.is_there(row):
        raise Http404
    file = archive_files.path_of(row).open("rb")
    audit.record("archive.fetched", account=request.account, request=request)
    name = f"account-{request.account.pk}-{timezone.localtime(row.created_at):%Y-%m-%d}.zip"
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response


def _question(request: AccountRequest, address: str) -> HttpResponse:
    found = holdings.count(request.account, address)
    context: dict[str, Any] = {
        "address": address,
        "counts": [(COUNTED[name], number) for name, number in found.items()],
        "most": COUNT_TO,
        "is_anything": any(found.values()),
        "earlier": erasure.earlier(request.account, address),
        "form": ErasureForm(initial={"address": address}),
    }
    return render(request, "sending/erasure_question.html", context)


def _file(row: Archive) -> dict[str, Any]:
    is_there = archive_files.is_there(row)
    return {"is_there": is_there, "ends_at": row.finished_at + archive_files.KEPT if row.finished_at else None}
