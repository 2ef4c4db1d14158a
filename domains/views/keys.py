"""The keys of one domain: which signs, replacing it, giving up one that leaked, Ed25519, and how they are published."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import keys, verification
from domains.key_page import KeyPage, key_page
from domains.keys import KeyMode, KeyRefusal
from domains.models import SendingDomain
from domains.views.lookup import domain_of
from domains.views.tabs import domain_tabs


@account_view(Ability.VIEW)
@require_safe
def domain_keys(request: AccountRequest, domain_id: int) -> HttpResponse:
    return render(request, "domains/keys.html", _context(request, domain_of(request, domain_id)))


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_key_replacement(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask, then put fresh material at the other selector."""
    domain = domain_of(request, domain_id)
    if request.method != "POST":
        return _question(request, domain, "domains/_key_replacement.html", _("Replace the signing key?"))
    return _act(
        request,
        domain,
        lambda: keys.replace(domain, user=request.user, request=request),
        _("A new key was made."),
    )


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_key_leak(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask, then let the other key sign and take the leaked one out of DNS."""
    domain = domain_of(request, domain_id)
    if request.method != "POST":
        return _question(request, domain, "domains/_key_leak.html", _("Has the signing key leaked?"))
    return _act(
        request,
        domain,
        lambda: keys.give_up(domain, user=request.user, request=request),
        _("The other key signs now, and the leaked one is gone."),
    )


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_ed25519(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Whether mail gets a second signature."""
    domain = domain_of(request, domain_id)
    enabled = request.POST.get("enabled") == "yes"
    said = _("Publish its record, and mail is signed twice.") if enabled else _("Mail is signed with RSA alone.")
    return _act(
        request,
        domain,
        lambda: keys.choose_ed25519(domain, enabled=enabled, user=request.user, request=request),
        said,
    )


@account_view(Ability.MANAGE_DOMAINS)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_key_mode(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask, then publish the same keys the other way."""
    domain = domain_of(request, domain_id)
    to_direct = domain.key_mode == KeyMode.DELEGATED
    if request.method != "POST":
        title = _("Publish the keys yourself?") if to_direct else _("Leave the keys to us?")
        return _question(request, domain, "domains/_key_mode.html", title)
    mode = request.POST.get("mode", "")
    if mode not in KeyMode.values:
        raise Http404
    said = _("Your own TXT records count from now on.") if mode == KeyMode.DIRECT else _("We replace your keys now.")
    return _act(request, domain, lambda: keys.choose_mode(domain, mode, user=request.user, request=request), said)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_key_check(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Ask DNS now; a key that waits begins if DNS gives it."""
    domain = domain_of(request, domain_id)
    begun = keys.settle(domain.pk)
    verification.check(domain.pk)
    for key in begun:
        messages.success(request, _("%(selector)s signs from now on.") % {"selector": key.selector})
    return redirect("domains:keys", request.account.pk, domain.pk)


def _act(request: AccountRequest, domain: SendingDomain, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except KeyRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("domains:keys", request.account.pk, domain.pk)


def _question(request: AccountRequest, domain: SendingDomain, form: str, title: str) -> HttpResponse:
    return render(request, "domains/key_question.html", {**_context(request, domain), "form": form, "title": title})


def _context(request: AccountRequest, domain: SendingDomain) -> dict[str, Any]:
    page: KeyPage | None = key_page(domain, timezone.now())
    if page is None:
        raise Http404
    return {
        "domain": domain,
        "page": page,
        "name": page.name,
        "tabs": domain_tabs(domain, "domains:keys"),
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
    }
