"""The page of the demo domain, and making it for an account that has none yet."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains import demo
from domains.models import SendingDomain
from domains.names import display_name
from domains.standings import standing
from mailtrap_site.web.navigation import url_of_account, url_or_nothing


def show_demo(request: AccountRequest, domain: SendingDomain) -> HttpResponse:
    """What the demo domain is, what is left of it, and what comes after it."""
    addresses = demo.owner_addresses(domain.account)
    is_owner = request.user.email.casefold() in {address.casefold() for address in addresses}
    context = {
        "domain": domain,
        "name": display_name(domain.name),
        "standing": standing(domain),
        "addresses": addresses,
        "may_manage": can(request.membership, Ability.MANAGE_DOMAINS),
        "add_url": url_of_account(request.membership, "domains:add"),
        "may_try": is_owner and can(request.membership, Ability.SEND) and domain.may_send().allowed,
        "integration_url": url_of_account(request.membership, "sending:integration"),
        "test_email_url": url_or_nothing("sending:test_email", domain.account_id),
    }
    return render(request, "domains/demo.html", context)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def make_demo(request: AccountRequest) -> HttpResponse:
    """For an account that never had one."""
    domain = demo.make(request.account, user=request.user, request=request)
    if domain is None:
        messages.error(request, _("This account had its demo domain already. Add a domain of your own."))
        return redirect("domains:list", request.account.pk)
    messages.success(request, _("%(name)s is ready. It sends to you alone.") % {"name": domain.name})
    return redirect("domains:detail", request.account.pk, domain.pk)
