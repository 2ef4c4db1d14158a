"""The account's streams: what becomes of mail of which nobody knows whether it arrived, how long bodies stay, and who
sees the secrets of their links."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from sending.log.paging import total
from sending.log.query import Query
from sending.models import MessageStatus, OnUncertain, Stream
from sending.policy import streams as settings_of
from sending.policy.streams import Choice
from sending.retention.terms import days_by_account

_CHOICES = (
    (OnUncertain.SEND_AGAIN.value, gettext_lazy("Send again: it arrives, rarely twice")),
    (OnUncertain.ASK.value, gettext_lazy("Ask me: it waits until somebody decides, and never arrives twice")),
)


_WITHOUT_SUBJECT = "nothing"
_AS_LONG_AS_THE_LOG = "log"
_DAYS = (1, 2, 3, 7, 14)
"""Offered where the plan's log is longer."""


class StreamsForm(forms.Form):
    """Three choices a stream: uncertain mail, how long bodies are kept, whether links with tokens are hidden."""

    transactional = forms.ChoiceField(
        label=gettext_lazy("Transactional mail"), choices=_CHOICES, widget=forms.RadioSelect
    )
    bulk = forms.ChoiceField(label=gettext_lazy("Bulk mail"), choices=_CHOICES, widget=forms.RadioSelect)
    transactional_kept = forms.ChoiceField(label=gettext_lazy("Transactional mail"))
    bulk_kept = forms.ChoiceField(label=gettext_lazy("Bulk mail"))
    transactional_hides_links = forms.BooleanField(label=gettext_lazy("Transactional mail"), required=False)
    bulk_hides_links = forms.BooleanField(label=gettext_lazy("Bulk mail"), required=False)

    def __init__(self, *told: Any, log_days: int, chosen: Mapping[Stream, Choice], **named: Any) -> None:
        super().__init__(*told, **named)
        for stream in Stream:
            # What was chosen under a longer log stays on offer.
            days = sorted({day for day in (*_DAYS, chosen[stream].body_days or 1) if day < log_days})
            field = self.fields[f"{stream.value}_kept"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [
                (_AS_LONG_AS_THE_LOG, _("Subject and body, as long as the log")),
                *(
                    (str(day), ngettext("Bodies for %(days)s day", "Bodies for %(days)s days", day) % {"days": day})
                    for day in reversed(days)
                ),
                ("0", _("Bodies until nobody waits for the email any more")),
                (_WITHOUT_SUBJECT, _("Neither: bodies and subjects go once nobody waits for the email")),
            ]
            self.initial.setdefault(stream.value, chosen[stream].on_uncertain.value)
            self.initial.setdefault(f"{stream.value}_kept", _kept(chosen[stream], log_days))
            self.initial.setdefault(f"{stream.value}_hides_links", chosen[stream].hides_links)

    def wanted(self) -> dict[Stream, Choice]:
        """What a valid form chooses."""
        told = self.cleaned_data
        return {
            stream: _choice(told[stream.value], told[f"{stream.value}_kept"], told[f"{stream.value}_hides_links"])
            for stream in Stream
        }


def _kept(choice: Choice, log_days: int) -> str:
    if not choice.keeps_subject:
        return _WITHOUT_SUBJECT
    if choice.body_days is None or choice.body_days >= log_days:
        return _AS_LONG_AS_THE_LOG
    return str(choice.body_days)


def _choice(on_uncertain: str, kept: str, hides_links: bool) -> Choice:
    days = {_AS_LONG_AS_THE_LOG: None, _WITHOUT_SUBJECT: 0}
    return Choice(
        OnUncertain(on_uncertain),
        days[kept] if kept in days else int(kept),
        keeps_subject=kept != _WITHOUT_SUBJECT,
        hides_links=hides_links,
    )


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def streams(request: AccountRequest) -> HttpResponse:
    """Shows the choices to every member; who may send changes them."""
    days = days_by_account(timezone.now(), [request.account.pk]).get(request.account.pk, 0)
    asked: dict[str, Any] = {"log_days": days, "chosen": settings_of.choices_of(request.account)}
    if request.method != "POST":
        return _page(request, StreamsForm(**asked), days)
    require(request, Ability.SEND)
    form = StreamsForm(request.POST, **asked)
    if not form.is_valid():
        return _page(request, form, days, status=422)
    changed = settings_of.choose(request.account, form.wanted(), user=request.user, request=request)
    messages.success(request, _("The choice was saved.") if changed else _("Nothing was changed."))
    return redirect("sending:streams", request.account.pk)


def _page(request: AccountRequest, form: StreamsForm, log_days: int, *, status: int = 200) -> HttpResponse:
    may_change = can(request.membership, Ability.SEND)
    if not may_change:
        for one in form.fields.values():
            one.disabled = True
    context: dict[str, Any] = {
        "form": form,
        "log_days": log_days,
        "may_change": may_change,
        "uncertain": total(request.account.pk, Query(statuses=(MessageStatus.UNCERTAIN,))).count,
    }
    return render(request, "sending/streams.html", context, status=status)
