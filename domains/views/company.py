"""The sender information of an account: one form, once for all its domains."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import company
from domains.models import CompanyInfo, SendingDomain
from domains.names import display_name
from domains.views.lookup import domains_of


class CompanyForm(forms.Form):
    """Takes what a person types; `domains.company` says what stands."""

    info_level = forms.CharField(
        label=_("You send as"), required=False, widget=forms.RadioSelect(choices=CompanyInfo.Level.choices)
    )
    name = forms.CharField(label=_("Name"), required=False)
    address = forms.CharField(label=_("Street and number"), required=False)
    zip_code = forms.CharField(label=_("Postal code"), required=False)
    city = forms.CharField(label=_("City"), required=False)
    country = forms.CharField(label=_("Country"), required=False, widget=forms.Select)
    website_url = forms.CharField(label=_("Website"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False)
    privacy_policy_url = forms.CharField(label=_("Privacy policy"), required=False)
    terms_of_service_url = forms.CharField(label=_("Terms of service"), required=False)

    def __init__(self, *args: Any, info: CompanyInfo | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {field: getattr(info, field) for field in company.FIELDS} if info else {"info_level": "business"}
        names = list(company.countries())
        if info is not None and info.country not in names:
            # The API takes any text.
            names.insert(0, info.country)
        choices = [("", _("Choose a country")), *((name, name) for name in names)]
        self.fields["country"].widget = forms.Select(choices=choices)
        if info is not None and info.level_switched:
            del self.fields["info_level"]

    def refuse(self, problem: company.CompanyInvalid) -> None:
        """Show what does not stand."""
        for field, faults in problem.faults.items():
            self.add_error(field if field in self.fields else None, company.sentence(field, faults))


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def sender_information(request: AccountRequest) -> HttpResponse:
    """Everybody in the account may read it; who looks after domains changes it."""
    may_manage = can(request.membership, Ability.MANAGE_DOMAINS)
    info, came_from = company.info_of(request.account), _came_from(request)
    form = CompanyForm(request.POST or None, info=info)
    if request.method == "POST":
        if not may_manage:
            return render(request, "403.html", status=403)
        if form.is_valid():
            try:
                company.save(request.account, form.cleaned_data, user=request.user, request=request)
            except company.CompanyInvalid as problem:
                form.refuse(problem)
            else:
                messages.success(request, gettext("The sender information was saved."))
                return redirect(_back(request, came_from))
    context = {
        "form": form,
        "info": info,
        "may_manage": may_manage,
        "came_from": came_from,
        "came_from_name": display_name(came_from.name) if came_from else "",
        "level_words": CompanyInfo.Level(info.info_level).label if info else "",
    }
    return render(request, "domains/company.html", context, status=422 if form.is_bound else 200)


def _came_from(request: AccountRequest) -> SendingDomain | None:
    """The domain whose set-up led here; only ever one of the account's own."""
    asked = request.GET.get("next", "")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
        return None
    return domains_of(request).filter(pk=int(asked)).first()


def _back(request: AccountRequest, came_from: SendingDomain | None) -> str:
    if came_from is not None:
        return reverse("domains:detail", args=[request.account.pk, came_from.pk])
    return reverse("domains:company", args=[request.account.pk])
