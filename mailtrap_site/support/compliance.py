"""Compliance at the support desk: which reviews wait for what, and one domain's page with all that a decision needs."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from domains import company
from domains.compliance import review
from domains.compliance.questionnaire import in_words
from domains.compliance.rulebook import for_staff, rule_book
from domains.models import ComplianceReview, SendingDomain
from domains.names import display_name
from mailtrap_site.support.compliance_acts import acts_on
from mailtrap_site.support.compliance_history import account_facts, other_domains

State = ComplianceReview.State
MOST = 200


@require_safe
def compliance_queue(request: HttpRequest) -> HttpResponse:
    """Those that wait for staff first, then those that wait for customers or the rules; each oldest first."""
    _require(request)
    waiting = review.open_reviews()
    context = {
        "title": _("Compliance"),
        "groups": [
            (_("Waits for you"), [_row(one) for one in waiting.filter(state=State.MANUAL)[:MOST]]),
            (_("Waits for others"), [_row(one) for one in waiting.exclude(state=State.MANUAL)[:MOST]]),
        ],
    }
    return render(request, "admin/compliance/queue.html", admin.site.each_context(request) | context)


@require_safe
def compliance_review(request: HttpRequest, domain_id: int) -> HttpResponse:
    """One domain: its last review with findings and weights, its owner, its account's history, and what can be done."""
    _require(request)
    domain = get_object_or_404(SendingDomain.objects.select_related("account"), pk=domain_id)
    last = review.last_of(domain)
    book = rule_book()
    context = {
        "title": _("Review of %(name)s") % {"name": display_name(domain.name)},
        "domain": domain,
        "review": last,
        "findings": for_staff(last.findings) if last else [],
        "approve_below": book.approve_below,
        "manual_from": book.manual_from,
        "info": company.info_of(domain.account),
        "answers": in_words(last.answers) if last else [],
        "facts": account_facts(domain, timezone.now()),
        "others": other_domains(domain),
        "earlier": list(domain.reviews.select_related("decided_by").order_by("-pk")[1:20]),
        "seen": last.state_since.isoformat() if last else "",
        "acts": acts_on(domain, last) if request.user.has_perm("domains.change_compliancereview") else [],
    }
    return render(request, "admin/compliance/review.html", admin.site.each_context(request) | context)


def waiting_for_staff() -> QuerySet[ComplianceReview]:
    """The reviews that a person has to decide."""
    return review.open_reviews().filter(state=State.MANUAL)


def _row(one: ComplianceReview) -> dict[str, Any]:
    heaviest = for_staff(one.findings)[:1]
    return {"review": one, "name": display_name(one.domain.name), "why": heaviest[0][1] if heaviest else ""}


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("domains.view_compliancereview"):
        raise PermissionDenied
