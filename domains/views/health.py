"""The health page of a domain: what receivers report about its mail, its sources as a file, and its inbound TLS."""

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import mta_sts
from domains.health import PERIODS, USUAL_PERIOD, health, source_lines
from domains.models import SendingDomain
from domains.mta_sts_words import sentence, state
from domains.names import display_name
from domains.views.lookup import domain_of
from domains.views.tabs import domain_tabs
from mailtrap_site.web.partials import wants_fragment

FRAGMENT = "inbound-tls"


@account_view(Ability.VIEW)
@require_safe
def domain_health(request: AccountRequest, domain_id: int) -> HttpResponse:
    domain = domain_of(request, domain_id)
    days = _days(request)
    here = reverse("domains:health", args=[domain.account_id, domain.pk])
    context = {
        "domain": domain,
        "health": health(domain, days, timezone.now()),
        "tabs": domain_tabs(domain, "domains:health"),
        "periods": [(_("%(count)d days") % {"count": one}, f"{here}?days={one}", one == days) for one in PERIODS],
        "sources_url": f"{reverse('domains:health_sources', args=[domain.account_id, domain.pk])}?days={days}",
        **_inbound_tls(request, domain),
    }
    return render(request, "domains/health.html", context)


@account_view(Ability.VIEW)
@require_safe
def domain_health_sources(request: AccountRequest, domain_id: int) -> HttpResponse:
    """The table of sources as CSV (RFC 4180)."""
    domain = domain_of(request, domain_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{domain.name}-dmarc-sources.csv"'
    csv.writer(response).writerows(source_lines(domain, _days(request), timezone.now()))
    return response


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_inbound_tls(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask DNS and the policy host now."""
    domain = domain_of(request, domain_id)
    mta_sts.look(domain, timezone.now())
    if wants_fragment(request, FRAGMENT):
        return render(request, "domains/_inbound_tls.html", {"domain": domain, **_inbound_tls(request, domain)})
    return redirect(f"{reverse('domains:health', args=[domain.account_id, domain.pk])}#{FRAGMENT}")


def _inbound_tls(request: AccountRequest, domain: SendingDomain) -> dict[str, Any]:
    found = mta_sts.last_seen(domain)
    name = display_name(domain.name)
    return {
        "name": name,
        "inbound": found,
        "inbound_look": found and state(found),
        "inbound_sentence": found and sentence(found, name),
        "inbound_servers": mta_sts.covered(found) if found and found.patterns else [],
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
    }


def _days(request: AccountRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, PERIODS) else USUAL_PERIOD
