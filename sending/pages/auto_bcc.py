"""The automatic copies of a sending domain: who gets them, and what marks them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from domains import auto_bcc
from domains.models import SendingDomain
from domains.names import display_name
from sending.protocol.address import AddressError, parse_address


class AutoBccForm(forms.Form):
    """Addresses, one a line, by the rules of all recipients, and a header that marks the copies."""

    addresses = forms.CharField(
        label=_("Addresses that get a copy"),
        required=False,
        max_length=2000,
        help_text=_("One a line, five at most. Leave it empty to end the copies."),
        widget=forms.Textarea(
            attrs={"rows": 5, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    header_name = forms.CharField(
        label=_("Header that marks the copies"),
        required=False,
        max_length=62,
        help_text=_("Its name, such as X-Copy. The copies alone carry it, so that rules of the mailbox can find them."),
    )
    header_value = forms.CharField(
        label=_("Value of the header"), required=False, max_length=120, help_text=_("Such as yes.")
    )

    def clean_addresses(self) -> list[str]:
        found: dict[str, str] = {}
        for line in self.cleaned_data["addresses"].splitlines():
            if not (text := line.strip()):
                continue
            try:
                address = parse_address(text)
            except AddressError as problem:
                why = gettext("“%(address)s” is no address: %(why)s") % {"address": text, "why": problem.sentence}
                raise forms.ValidationError(why) from problem
            found.setdefault(address.wire.casefold(), address.wire)
        if len(found) > auto_bcc.MOST_COPIES:
            raise forms.ValidationError(
                gettext("These are %(count)s addresses; five is the most.") % {"count": len(found)}
            )
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        try:
            values["header"] = auto_bcc.header_line(values.get("header_name", ""), values.get("header_value", ""))
        except auto_bcc.HeaderRefused as problem:
            self.add_error(f"header_{problem.part}", str(problem))
        return values


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_copies(request: AccountRequest, domain_id: int) -> HttpResponse:
    """The form of one domain."""
    domain = get_object_or_404(SendingDomain, account=request.account, pk=domain_id, deleted_at=None, is_demo=False)
    form = AutoBccForm(request.POST or None, initial=_initial(domain))
    if request.method == "POST" and form.is_valid():
        addresses = form.cleaned_data["addresses"]
        auto_bcc.choose(domain, addresses, form.cleaned_data["header"], user=request.user, request=request)
        messages.success(request, _said(domain, len(addresses)))
        return redirect("domains:settings", request.account.pk, domain.pk)
    context = {"form": form, "domain": domain, "name": display_name(domain.name)}
    return render(request, "sending/auto_bcc.html", context, status=422 if form.is_bound else 200)


def _initial(domain: SendingDomain) -> dict[str, str]:
    name, _colon, value = domain.auto_bcc_header.partition(": ")
    return {"addresses": "\n".join(domain.auto_bcc), "header_name": name, "header_value": value}


def _said(domain: SendingDomain, count: int) -> str:
    name = display_name(domain.name)
    if not count:
        return gettext("Emails from %(name)s are no longer copied.") % {"name": name}
    sentence = ngettext(
        "Emails from %(name)s are copied to one address from now on.",
        "Emails from %(name)s are copied to %(count)s addresses from now on.",
        count,
    )
    return sentence % {"name": name, "count": count}
