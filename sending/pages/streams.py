"""The account's streams: what becomes of mail of which nobody knows whether it arrived."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from sending.log.paging import total
from sending.log.query import Query
from sending.models import MessageStatus, OnUncertain, Stream
from sending.policy import streams as settings_of

_CHOICES = (
    (OnUncertain.SEND_AGAIN.value, gettext_lazy("Send again: it arrives, rarely twice")),
    (OnUncertain.ASK.value, gettext_lazy("Ask me: it waits until somebody decides, and never arrives twice")),
)


class StreamsForm(forms.Form):
    """One choice a stream."""

    transactional = forms.ChoiceField(
        label=gettext_lazy("Transactional mail"), choices=_CHOICES, widget=forms.RadioSelect
    )
    bulk = forms.ChoiceField(label=gettext_lazy("Bulk mail"), choices=_CHOICES, widget=forms.RadioSelect)

    def wanted(self) -> dict[Stream, OnUncertain]:
        """What a valid form chooses."""
        return {stream: OnUncertain(self.cleaned_data[stream.value]) for stream in Stream}


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def streams(request: AccountRequest) -> HttpResponse:
    """Shows the choices to every member; who may send changes them."""
    if request.method != "POST":
        initial = {stream.value: choice.value for stream, choice in settings_of.choices_of(request.account).items()}
        return _page(request, StreamsForm(initial=initial))
    require(request, Ability.SEND)
    form = StreamsForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    changed = settings_of.choose(request.account, form.wanted(), user=request.user, request=request)
    messages.success(request, _("The choice was saved.") if changed else _("Nothing was changed."))
    return redirect("sending:streams", request.account.pk)


def _page(request: AccountRequest, form: StreamsForm, *, status: int = 200) -> HttpResponse:
    may_change = can(request.membership, Ability.SEND)
    if not may_change:
        for one in form.fields.values():
            one.disabled = True
    context: dict[str, Any] = {
        "form": form,
        "may_change": may_change,
        "uncertain": total(request.account.pk, Query(statuses=(MessageStatus.UNCERTAIN,))).count,
    }
    return render(request, "sending/streams.html", context, status=status)
