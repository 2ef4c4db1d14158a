"""The list of sending domains, adding one, deleting one."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import demo, setup
from domains.forms import DomainForm, note_sentence
from domains.models import DnsRecord
from domains.names import NameRefusal, display_name
from domains.standings import next_step, standing
from domains.views.lookup import domain_of, domains_of
from mailtrap_site.web.partials import render_invalid

PAGE_SIZE = 50


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def domain_list(request: AccountRequest) -> HttpResponse:
    after = request.GET.get("after", "").replace("\0", "")
    found = Count("dns_records", filter=Q(dns_records__required=True, dns_records__status=DnsRecord.Status.PASS))
    wanted = Count("dns_records", filter=Q(dns_records__required=True))
    now = timezone.now()
    page = list(
        domains_of(request)
        .filter(name__gt=after)
        .order_by("name")
        .annotate(found=found, wanted=wanted)[: PAGE_SIZE + 1]
    )
    rows = [
        {
            "domain": domain,
            "name": display_name(domain.name),
            "standing": standing(domain),
            "next": next_step(domain, now),
        }
        for domain in page[:PAGE_SIZE]
    ]
    address = reverse("domains:list", args=[request.account.pk])
    context = {
        "rows": rows,
        "first_page": not after,
        "newer_url": address if after else "",
        "older_url": f"{address}?after={page[PAGE_SIZE - 1].name}" if len(page) > PAGE_SIZE else "",
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS) and not request.membership.is_limited,
        "may_have_demo": not page and demo.may_have(request.account),
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


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_delete(request: AccountRequest, domain_id: int) -> HttpResponse:
    domain = domain_of(request, domain_id)
    name = display_name(domain.name)
    if request.method == "POST":
        setup.delete_domain(domain, user=request.user, request=request)
        messages.success(request, _("%(name)s was deleted.") % {"name": name})
        return redirect("domains:list", request.account.pk)
    return render(request, "domains/delete.html", {"domain": domain, "name": name})
