"""The settings of an account's single sign-on, and the page where people say whose they are."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import single_sign_on
from accounts.models import SingleSignOn
from accounts.models.single_sign_on import slug_of
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from mailtrap_site.single_sign_on import saml
from mailtrap_site.single_sign_on.adapter import forget_identities
from mailtrap_site.single_sign_on.forms import FORMS, AddressForm
from mailtrap_site.single_sign_on.offer import has_single_sign_on, proved_domains, provider_for

Protocol = SingleSignOn.Protocol


@account_view(Ability.MANAGE_SECURITY)
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: AccountRequest) -> HttpResponse:
    """Set up or changed; the secret is sealed and never shown again."""
    kept = SingleSignOn.objects.filter(account=request.account).first()
    protocol = _protocol(request, kept)
    is_offered, lacks_library = has_single_sign_on(request.account), protocol == Protocol.SAML and not saml.is_here()
    form = FORMS[protocol](request.account, kept, request.POST if request.method == "POST" else None)
    if request.method == "POST" and is_offered and not lacks_library and form.is_valid():
        before = (kept.protocol, kept.issuer) if kept else None
        row = single_sign_on.save(request.account, form.wanted(), request)
        if before not in (None, (row.protocol, row.issuer)):
            forget_identities(row)
        messages.success(request, _("Single sign-on was saved. Try it in another browser before you close this one."))
        return redirect("single_sign_on:settings", request.account.pk)
    here = reverse("single_sign_on:settings", args=[request.account.pk])
    context = {
        "form": form,
        "kept": kept,
        "replaces": kept if kept and kept.protocol != protocol else None,
        "is_offered": is_offered,
        "has_domains": bool(proved_domains(request.account)),
        "protocols": [(word, f"{here}?protocol={value}", value == protocol) for value, word in Protocol.choices],
        "is_saml": protocol == Protocol.SAML,
        "lacks_library": lacks_library,
        "callback_url": settings.SITE_URL + reverse("openid_connect_callback", args=[slug_of(request.account.pk)]),
        "ours": saml.addresses(request.account.pk),
    }
    return render(request, "single_sign_on/settings.html", context, status=422 if form.is_bound else 200)


def _protocol(request: AccountRequest, kept: SingleSignOn | None) -> str:
    """The one that the page is about: as its address says, or the one in use."""
    asked = request.GET.get("protocol", "")
    return asked if asked in FORMS else kept.protocol if kept else Protocol.OPENID


@account_view(Ability.MANAGE_SECURITY)
@require_POST
def settings_end(request: AccountRequest) -> HttpResponse:
    """Members sign in by password again."""
    kept = SingleSignOn.objects.filter(account=request.account).first()
    if kept is not None and single_sign_on.end(request.account, request):
        forget_identities(kept)
        messages.success(request, _("Single sign-on has ended. Members sign in by password."))
    return redirect("single_sign_on:settings", request.account.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """From an address to the provider of its account. Who has none is told so: the domain is no secret, people are."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        found = provider_for(form.cleaned_data["email"])
        if found is not None:
            return render(request, "single_sign_on/go_on.html", {"row": found})
        form.add_error("email", _("No organisation with this domain signs in here. Use your password instead."))
    return render(request, "single_sign_on/start.html", {"form": form}, status=422 if form.is_bound else 200)
