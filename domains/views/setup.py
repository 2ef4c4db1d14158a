"""The wizard of one domain: its page, "check now", and publishing in the demo zone."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import checking, setup
from domains.models import SendingDomain
from domains.views.demo import show_demo
from domains.views.dns_context import dns_context
from domains.views.lookup import domain_of, own_domain_of
from domains.views.tabs import domain_tabs
from domains.wizard import wizard
from mailtrap_site.web.navigation import url_of_account, url_or_nothing
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged, wants_fragment

FRAGMENT = "domain"


@account_view(Ability.VIEW)
@require_safe
def domain_detail(request: AccountRequest, domain_id: int) -> HttpResponse:
    domain = domain_of(request, domain_id)
    if domain.is_demo:
        return show_demo(request, domain)
    polled = wants_fragment(request, FRAGMENT)
    context = _detail_context(request, domain)
    if polled and request.GET.get("seen") == context["wizard"].seen:
        return unchanged()
    status = STOP_POLLING if polled and context["wizard"].is_settled else 200
    return render_page(request, "domains/detail.html", "domains/_domain.html", context, target=FRAGMENT, status=status)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_verification(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask DNS now, or say when it may be asked again."""
    wait = checking.check_now(own_domain_of(request, domain_id), checking.MEMBER)
    domain = domain_of(request, domain_id)
    if wants_fragment(request, FRAGMENT):
        return render(request, "domains/_domain.html", _detail_context(request, domain) | {"wait": wait})
    if wait:
        messages.error(request, _("We have just looked. You can ask again in %(wait)s seconds.") % {"wait": wait})
    return redirect("domains:detail", request.account.pk, domain_id)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_demo_zone(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Publish the records in the embedded name server's demo zone."""
    if not setup.has_demo_zone():
        raise Http404
    setup.publish_in_demo_zone(own_domain_of(request, domain_id))
    messages.success(request, _("The records were published in the demo zone."))
    return redirect("domains:detail", request.account.pk, domain_id)


def _detail_context(request: AccountRequest, domain: SendingDomain) -> dict[str, Any]:
    full_names = request.GET.get("names") == "full"
    here = reverse("domains:detail", args=[domain.account_id, domain.pk])
    shown = wizard(domain, timezone.now(), full_names=full_names)
    company_url = url_of_account(request.membership, "domains:company")
    return {
        "domain": domain,
        "wizard": shown,
        "tabs": domain_tabs(domain, "domains:detail"),
        "here": here,
        "full_names": full_names,
        "short_names": not full_names,
        "full_names_url": f"{here}?names=full",
        **dns_context(request, domain, here),
        "zone_file_url": reverse("domains:zone_file", args=[domain.account_id, domain.pk]),
        "route53_url": reverse("domains:route53", args=[domain.account_id, domain.pk]),
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
        "demo_zone": setup.has_demo_zone(),
        "may_send": can(request.membership, Ability.SEND),
        "share_url": reverse("domains:share", args=[domain.account_id, domain.pk]),
        "company_url": f"{company_url}?next={domain.pk}" if company_url else "",
        "sender_action": _("Change it") if shown.facts.has_company_info else _("Fill it in now"),
        "review_url": url_or_nothing("domains:review", domain.account_id, domain.pk),
        "integration_url": url_of_account(request.membership, "sending:integration"),
        "test_email_url": url_or_nothing("sending:test_email", domain.account_id),
    }
