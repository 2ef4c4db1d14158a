"""The settings of one domain: tracking, unsubscribing, transport, streams, alerts, automatic copies."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from domains import options
from domains.models import SendingDomain
from domains.names import display_name
from domains.option_form import SettingsForm
from domains.records import RecordKey
from domains.views.lookup import domain_of
from domains.views.tabs import domain_tabs
from mailtrap_site.web.navigation import url_of_account, url_or_nothing
from mailtrap_site.web.partials import render_invalid, render_page

PAGE, FRAGMENT = "domains/settings.html", "domains/_settings_form.html"
TARGET = "domain-settings"


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_settings(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Shows the choices to every member; who manages domains changes them. The demo domain has none."""
    domain = domain_of(request, domain_id)
    if domain.is_demo:
        raise Http404
    if request.method != "POST":
        return render_page(
            request, PAGE, FRAGMENT, _context(request, domain, SettingsForm.showing(domain)), target=TARGET
        )
    require(request, Ability.MANAGE_DOMAINS)
    form = SettingsForm(request.POST)
    if form.is_valid():
        try:
            options.change(domain, form.changes, user=request.user, request=request)
        except options.OptionInvalid as refusal:
            form.refuse(refusal)
        except SendingDomain.DoesNotExist as gone:
            raise Http404 from gone
        else:
            messages.success(request, _("The settings of %(name)s were saved.") % {"name": display_name(domain.name)})
            return redirect("domains:settings", request.account.pk, domain.pk)
    return render_invalid(request, PAGE, FRAGMENT, _context(request, domain, form), target=TARGET)


def _context(request: AccountRequest, domain: SendingDomain, form: SettingsForm) -> dict[str, Any]:
    may_manage = can(request.membership, Ability.MANAGE_DOMAINS)
    if not may_manage:
        for field in form.fields.values():
            field.disabled = True
    link = domain.dns_records.filter(key=RecordKey.LINK).first()
    return {
        "domain": domain,
        "name": display_name(domain.name),
        "form": form,
        "tabs": domain_tabs(domain, "domains:settings"),
        "may_manage": may_manage,
        "link_record": link,
        "has_link_record": options.has_link_record(domain),
        "lacks_clicks": not options.is_included(domain, "click_tracking_enabled"),
        "lacks_own_links": not options.is_included(domain, "custom_domain_tracking_enabled"),
        "plan_url": url_of_account(request.membership, "billing:plan"),
        "copies_url": url_or_nothing("sending:auto_bcc", domain.account_id, domain.pk),
    }
