"""One tenant at the support desk: all that is known of it on one page, with the acts that exist."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, support_visits
from accounts.models import Account
from domains import verification
from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.support import tenant_facts as facts
from mailtrap_site.support.queue_form import VERBS
from sending.models import Stream


@require_safe
def tenant(request: HttpRequest, account_id: int) -> HttpResponse:
    """The page; of each app only what this member of staff may look at."""
    if not request.user.has_perm("accounts.view_account"):
        raise PermissionDenied
    account, now, may = get_object_or_404(Account, pk=account_id), timezone.now(), request.user.has_perm
    context: dict[str, Any] = {
        "title": account.name,
        "account": account,
        "acts": _acts(account, may),
        "about": facts.about(account, now),
        "requests": facts.requests(account) if may("billing.view_supportrequest") else [],
        "people": facts.people(account),
        "tokens": facts.tokens(account) if may("accounts.view_apitoken") else None,
        "entries": facts.entries(account) if may("accounts.view_auditentry") else None,
        "notices": facts.notices(account),
        "may_check": may("domains.change_sendingdomain"),
        "may_review": may("domains.view_compliancereview"),
    }
    if may("domains.view_sendingdomain"):
        context["domains"] = [(one, display_name(one.name)) for one in facts.domains(account)]
    if may("sending.view_queueentry"):
        context |= {
            "rates": facts.rates(account, now),
            "rate_limits": facts.rate_limits(),
            "queue": facts.queue(account, now),
            "queue_acts": _queue_acts(account) if may("sending.change_queueentry") else [],
            "pauses": [(one, _scope(one)) for one in facts.pauses(account)],
            "may_resume": may("sending.change_queueentry"),
        }
    return render(request, "admin/tenants/tenant.html", admin.site.each_context(request) | context)


@require_POST
def check_domain(request: HttpRequest, account_id: int, domain_id: int) -> HttpResponse:
    """Asks DNS about the domain now; takes up to ten seconds."""
    if not request.user.has_perm("domains.change_sendingdomain"):
        raise PermissionDenied
    domain = get_object_or_404(SendingDomain, pk=domain_id, account_id=account_id, deleted_at=None)
    checked = verification.check(domain.pk)
    audit.record("domain.checked", account=domain.account, target=domain, request=request, by_staff=True)
    if checked is None:
        messages.warning(request, _("There was nothing to ask: its records are ours."))
    elif checked.dns_verified_at is None:
        messages.warning(request, _("The records of %s do not stand.") % display_name(domain.name))
    else:
        messages.success(request, _("The records of %s stand.") % display_name(domain.name))
    return redirect("admin:tenant", account_id)


def _acts(account: Account, may: Any) -> list[tuple[str, str]]:
    """Words and address of what can be done about the whole account."""
    acts = []
    if may("accounts.change_account"):
        acts += [
            (words, reverse(f"admin:accounts_account_{act}", args=[account.pk]))
            for act, words, fits in (
                ("release", _("Release the account"), account.state != Account.State.ACTIVE),
                ("suspend", _("Suspend the account"), account.state == Account.State.ACTIVE),
                ("ban", _("Ban the account"), not account.is_banned),
            )
            if fits
        ]
    if may(support_visits.PERMISSION):
        acts.append((_("Look in as a viewer"), reverse("admin:visit", args=[account.pk])))
    if may("billing.view_subscription"):
        acts.append((_("Plan and usage"), reverse("admin:plan", args=[account.pk])))
    if may("billing.change_quotaoverride"):
        acts.append((_("Grant a limit"), reverse("admin:plan_grant", args=[account.pk])))
    if may("sending.view_message"):
        acts.append((_("Messages"), f"{reverse('admin:sending_message_changelist')}?account__exact={account.pk}"))
    return acts


def _queue_acts(account: Account) -> list[tuple[str, str]]:
    """Words and address of the form of the queue, filled in for this account."""
    return [
        (str(words), f"{reverse('admin:queue')}?{urlencode({'verb': verb, 'account': account.pk})}#act")
        for verb, words in VERBS
    ]


def _scope(pause: Any) -> str:
    """Which mail of the account it is about."""
    domain = SendingDomain.objects.filter(pk=pause.domain_id or 0).first()
    stream = Stream(pause.stream).label if pause.stream else ""
    parts = [display_name(domain.name) if domain else "", str(stream), pause.destination or ""]
    return ", ".join(part for part in parts if part) or _("all of its mail")
