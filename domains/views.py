"""The pages of sending domains: list, add, the wizard of one domain, check now, publish in the demo zone, delete."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import setup, verification
from domains.forms import DomainForm, note_sentence
from domains.models import DnsRecord, SendingDomain
from domains.names import NameRefusal, display_name
from domains.wizard import standing, wizard
from mailtrap_site.web.navigation import url_or_nothing
from mailtrap_site.web.partials import STOP_POLLING, render_invalid, render_page, unchanged, wants_fragment

PAGE_SIZE = 50
FRAGMENT = "domain"


@account_view(Ability.VIEW)
@require_safe
def domain_list(request: AccountRequest) -> HttpResponse:
    after = request.GET.get("after", "").replace("\0", "")
    found = Count("dns_records", filter=Q(dns_records__required=True, dns_records__status=DnsRecord.Status.PASS))
    wanted = Count("dns_records", filter=Q(dns_records__required=True))
    page = list(
        _domains(request).filter(name__gt=after).order_by("name").annotate(found=found, wanted=wanted)[: PAGE_SIZE + 1]
    )
    rows = [
        {"domain": domain, "name": display_name(domain.name), "standing": standing(domain)}
        for domain in page[:PAGE_SIZE]
    ]
    address = reverse("domains:list", args=[request.account.pk])
    context = {
        "rows": rows,
        "first_page": not after,
        "newer_url": address if after else "",
        "older_url": f"{address}?after={page[PAGE_SIZE - 1].name}" if len(page) > PAGE_SIZE else "",
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
    }
    return render(request, "domains/list.html", context)


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_add(request: AccountRequest) -> HttpResponse:
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            domain, name = setup.add_domain(
                request.account, form.cleaned_data["name"], user=request.user, request=request
            )
        except NameRefusal as refusal:
            form.refuse(refusal)
        else:
            put_right = " ".join(note_sentence(note) for note in name.notes)
            messages.success(request, f"{_('%(name)s was added.') % {'name': name.display}} {put_right}".strip())
            return redirect("domains:detail", request.account.pk, domain.pk)
    if request.method == "POST":
        return render_invalid(
            request, "domains/add.html", "domains/_add_form.html", {"form": form}, target="add-domain"
        )
    return render(request, "domains/add.html", {"form": form})


@account_view(Ability.VIEW)
@require_safe
def domain_detail(request: AccountRequest, domain_id: int) -> HttpResponse:
    domain = _domain(request, domain_id)
    polled = wants_fragment(request, FRAGMENT)
    context = _detail_context(request, domain)
    if polled and request.GET.get("seen") == context["wizard"].seen:
        return unchanged()
    status = STOP_POLLING if polled and context["wizard"].is_verified else 200
    return render_page(request, "domains/detail.html", "domains/_domain.html", context, target=FRAGMENT, status=status)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_verification(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask DNS now."""
    domain = verification.check(_domain(request, domain_id).pk)
    if domain is None:
        raise Http404
    if wants_fragment(request, FRAGMENT):
        return render(request, "domains/_domain.html", _detail_context(request, domain))
    return redirect("domains:detail", request.account.pk, domain_id)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_demo_zone(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Publish the records in the embedded name server's demo zone."""
    if not setup.has_demo_zone():
        raise Http404
    setup.publish_in_demo_zone(_domain(request, domain_id))
    messages.success(request, _("The records were published in the demo zone."))
    return redirect("domains:detail", request.account.pk, domain_id)


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_delete(request: AccountRequest, domain_id: int) -> HttpResponse:
    domain = _domain(request, domain_id)
    name = display_name(domain.name)
    if request.method == "POST":
        setup.delete_domain(domain, user=request.user, request=request)
        messages.success(request, _("%(name)s was deleted.") % {"name": name})
        return redirect("domains:list", request.account.pk)
    return render(request, "domains/delete.html", {"domain": domain, "name": name})


def _domains(request: AccountRequest) -> QuerySet[SendingDomain]:
    return SendingDomain.objects.filter(account=request.account, deleted_at=None)


def _domain(request: AccountRequest, domain_id: int) -> SendingDomain:
    return get_object_or_404(_domains(request).select_related("created_by"), pk=domain_id)


def _detail_context(request: AccountRequest, domain: SendingDomain) -> dict[str, Any]:
    full_names = request.GET.get("names") == "full"
    here = reverse("domains:detail", args=[domain.account_id, domain.pk])
    return {
        "domain": domain,
        "wizard": wizard(domain, timezone.now(), full_names=full_names),
        "here": here,
        "full_names": full_names,
        "short_names": not full_names,
        "full_names_url": f"{here}?names=full",
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
        "demo_zone": setup.has_demo_zone(),
        "may_send": can(request.membership, Ability.SEND),
        "integration_url": url_or_nothing("sending:integration", domain.account_id),
        "copies_url": url_or_nothing("sending:auto_bcc", domain.account_id, domain.pk),
        "test_email_url": url_or_nothing("sending:test_email", domain.account_id),
    }
