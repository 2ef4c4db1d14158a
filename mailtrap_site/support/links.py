"""Suspicious links at the support desk: what the rules found, the gravest first, and one finding with its evidence."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.support.links_acts import acts_on, suspension_of
from mailtrap_site.web.wording import duration_words, figure_words
from sending.alerts import link_suspensions
from sending.models import Message, SuspiciousLinks
from sending.phishing import store
from sending.phishing.reading import ONE_IN
from sending.phishing.rules import rule_book
from sending.phishing.words import sentence, sentences

MOST = 100
MOST_SENTENCES = 3
"""Of one finding in the list; its page has all."""
PERMISSION = "sending.view_suspiciouslinks"


@require_safe
def link_queue(request: HttpRequest) -> HttpResponse:
    """Those that wait for a look."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    rows = list(store.waiting().select_related("account").order_by("-score", "found_at")[:MOST])
    domains = SendingDomain.objects.in_bulk({one.domain_id for one in rows})
    context = {
        "title": _("Suspicious links"),
        "rows": [(one, _name(domains.get(one.domain_id)), sentences(one.findings)[:MOST_SENTENCES]) for one in rows],
        "high": rule_book().high,
        "one_in": ONE_IN,
        "several": link_suspensions.SEVERAL,
        "many": link_suspensions.MANY,
    }
    return render(request, "admin/links/queue.html", admin.site.each_context(request) | context)


@require_safe
def link_finding(request: HttpRequest, finding_id: int) -> HttpResponse:
    """One: each rule with its weight, its sentence and the link; whose mail it is; what can be done. No body."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    row = get_object_or_404(SuspiciousLinks.objects.select_related("account", "decided_by"), pk=finding_id)
    domain = SendingDomain.objects.filter(pk=row.domain_id).first()
    context = {
        "title": _("Suspicious links of %(name)s") % {"name": _name(domain)},
        "row": row,
        "findings": [(one["weight"], sentence(one), one["url"]) for one in row.findings],
        "facts": _facts(row, domain),
        "message": Message.objects.filter(pk=row.message_id).only("pk").first(),
        "suspension": suspension_of(row),
        "acts": acts_on(row, request.user),
        "high": rule_book().high,
    }
    return render(request, "admin/links/finding.html", admin.site.each_context(request) | context)


def _facts(row: SuspiciousLinks, domain: SendingDomain | None) -> list[tuple[str, Any]]:
    others = SuspiciousLinks.objects.filter(account=row.account_id).exclude(pk=row.pk)
    age = duration_words((timezone.now() - row.account.created_at).total_seconds())
    return [
        (_("Account"), f"{row.account.name} ({row.account_id}), {row.account.get_state_display()}"),
        (_("Age of the account"), age),
        (_("Domain"), _name(domain)),
        (_("Stream"), row.get_stream_display()),
        (_("Emails that were read and have them"), figure_words(row.mails)),
        (_("First found"), f"{row.found_at:%Y-%m-%d %H:%M}"),
        (_("Last found"), f"{row.last_found_at:%Y-%m-%d %H:%M}"),
        (_("Other findings of the account, confirmed"), figure_words(others.filter(state="confirmed").count())),
        (_("Other findings of the account, dismissed"), figure_words(others.filter(state="dismissed").count())),
        (_("Other findings of the account, open"), figure_words(others.filter(state="open").count())),
    ]


def _name(domain: SendingDomain | None) -> str:
    return display_name(domain.name) if domain else _("a deleted domain")
