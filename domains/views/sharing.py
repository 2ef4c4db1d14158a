"""Giving the set-up of a domain away: the form that writes to a colleague, and the page that its link opens."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import BadLink, LinkEnded
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from domains import checking, sharing
from domains.forms import ShareForm
from domains.models import SendingDomain
from domains.names import display_name
from domains.views.dns_context import dns_context
from domains.views.downloads import route53_answer, zone_file_answer
from domains.views.lookup import own_domain_of
from domains.wizard import wizard
from mailtrap_site.web.partials import STOP_POLLING, render_invalid, render_page, unchanged, wants_fragment

FRAGMENT = "shared-setup"


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_share(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Email the records to a colleague."""
    domain = own_domain_of(request, domain_id)
    form = ShareForm(request.POST or None)
    context = {"form": form, "domain": domain, "name": display_name(domain.name), "days": sharing.VALID_FOR.days}
    if request.method == "POST" and form.is_valid():
        email, note = form.cleaned_data["email"], form.cleaned_data["note"]
        try:
            sharing.send_instructions(domain, email, note, user=request.user, request=request)
        except sharing.NotShared as problem:
            form.add_error(problem.field or None, problem.sentence)
        else:
            messages.success(request, _("The records were sent to %(email)s.") % {"email": email})
            return redirect("domains:detail", request.account.pk, domain.pk)
    if request.method == "POST":
        return render_invalid(request, "domains/share.html", "domains/_share_form.html", context, target="share-domain")
    return render(request, "domains/share.html", context)


@require_safe
@never_cache
def shared_setup(request: HttpRequest, token: str) -> HttpResponse:
    """The records and their state, for whoever has the link."""
    try:
        domain = sharing.shared_domain(token)
    except LinkEnded:
        ended = render(request, "domains/shared_ended.html", status=410)
        if wants_fragment(request):
            # An open page shows the end rather than asking on.
            ended["HX-Refresh"] = "true"
        return _closed(ended)
    except BadLink:
        return _closed(render(request, "accounts/link_unknown.html", status=404))
    context = _context(request, domain, token)
    polled = wants_fragment(request, FRAGMENT)
    if polled and request.GET.get("seen") == context["wizard"].seen:
        return _closed(unchanged())
    status = STOP_POLLING if polled and context["wizard"].records_stand else 200
    page = render_page(request, "domains/shared.html", "domains/_shared.html", context, target=FRAGMENT, status=status)
    return _closed(page)


@require_POST
@never_cache
def shared_verification(request: HttpRequest, token: str) -> HttpResponse:
    """Ask DNS now, for a visitor as often as `checking.VISITOR` allows."""
    try:
        domain = sharing.shared_domain(token)
    except (LinkEnded, BadLink):
        return redirect("domains:shared", token)
    wait = checking.check_now(domain, checking.VISITOR)
    if wants_fragment(request, FRAGMENT):
        context = _context(request, sharing.shared_domain(token), token) | {"wait": wait}
        return _closed(render(request, "domains/_shared.html", context))
    if wait:
        messages.error(request, _("We have just looked. You can ask again in %(wait)s seconds.") % {"wait": wait})
    return _closed(redirect("domains:shared", token))


@require_safe
@never_cache
def shared_zone_file(request: HttpRequest, token: str) -> HttpResponse:
    """The records for the zone's own file."""
    return _download(token, zone_file_answer)


@require_safe
@never_cache
def shared_route53(request: HttpRequest, token: str) -> HttpResponse:
    """The records as a change batch of Route 53."""
    return _download(token, route53_answer)


def _download(token: str, answer: Callable[[SendingDomain], HttpResponse]) -> HttpResponse:
    try:
        return _closed(answer(sharing.shared_domain(token)))
    except (LinkEnded, BadLink):
        return redirect("domains:shared", token)


def _context(request: HttpRequest, domain: SendingDomain, token: str) -> dict[str, Any]:
    """Nothing of the account but the domain's own records. `may_manage` is false: the table is to be read."""
    full_names = request.GET.get("names") == "full"
    here = reverse("domains:shared", args=[token])
    return {
        "domain": domain,
        "wizard": wizard(domain, timezone.now(), full_names=full_names),
        "token": token,
        "here": here,
        "full_names": full_names,
        "short_names": not full_names,
        "full_names_url": f"{here}?names=full",
        **dns_context(request, domain, here),
        "zone_file_url": reverse("domains:shared_zone_file", args=[token]),
        "route53_url": reverse("domains:shared_route53", args=[token]),
        "may_manage": False,
        "demo_zone": False,
    }


def _closed(response: HttpResponse) -> HttpResponse:
    """No search engine lists it."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
