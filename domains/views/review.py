"""The customer's view of a compliance review: where the domain stands and why, the questions, another look."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view, accounts_of
from domains import company
from domains.compliance import answering
from domains.compliance.questionnaire import in_words
from domains.compliance.story import story
from domains.models import ComplianceReview, SendingDomain
from domains.names import display_name
from domains.views.lookup import domain_of
from domains.views.review_forms import REPLY, AnswerForm, AppealForm
from domains.views.review_past import moment_of, past_of
from domains.views.tabs import domain_tabs
from mailtrap_site.web.navigation import url_or_nothing
from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged, wants_fragment

FRAGMENT = "review"
Compliance = SendingDomain.Compliance
State = ComplianceReview.State


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def domain_review(request: AccountRequest, domain_id: int) -> HttpResponse:
    """The page; a POST answers its questions."""
    domain = domain_of(request, domain_id)
    if request.method == "POST":
        return _answer(request, domain)
    context = _context(request, domain)
    if wants_fragment(request, FRAGMENT):
        if request.GET.get("seen") == context["seen"]:
            return unchanged()
        if not context["is_moving"]:
            return render(request, "domains/_review.html", context, status=STOP_POLLING)
    return render_page(request, "domains/review.html", "domains/_review.html", context, target=FRAGMENT)


@account_view(Ability.MANAGE_DOMAINS)
@require_POST
def domain_appeal(request: AccountRequest, domain_id: int) -> HttpResponse:
    """Asks for a person to look at a rejection again."""
    domain = domain_of(request, domain_id)
    form = AppealForm(request.POST)
    if not form.is_valid():
        return render(request, "domains/review.html", _context(request, domain, appeal_form=form), status=422)
    if answering.appeal(domain, form.cleaned_data["why"], user=request.user, request=request):
        messages.success(request, _("A person looks at %(name)s again.") % {"name": display_name(domain.name)})
    else:
        messages.error(request, _("Another look can no longer be asked for. The page shows how things stand."))
    return redirect("domains:review", request.account.pk, domain.pk)


@login_required
@require_safe
def domain_named(request: HttpRequest, name: str) -> HttpResponse:
    """Where a refusal points: the reader's domain of this name, at the page that says what it lacks."""
    assert isinstance(request.user, User)
    found = SendingDomain.objects.filter(account__in=accounts_of(request.user), name=name.lower(), deleted_at=None)
    domain = found.order_by("pk").first()
    if domain is None:
        raise Http404
    place = "domains:detail" if domain.compliance_status == Compliance.UNVERIFIED_DNS else "domains:review"
    return redirect(place, domain.account_id, domain.pk)


def _answer(request: AccountRequest, domain: SendingDomain) -> HttpResponse:
    if not can(request.membership, Ability.MANAGE_DOMAINS):
        raise PermissionDenied
    last = domain.reviews.order_by("-pk").first()
    if last is None or last.state != State.QUESTIONS:
        messages.error(request, _("Nothing is asked right now. The page shows how things stand."))
        return redirect("domains:review", request.account.pk, domain.pk)
    form = AnswerForm(request.POST, review=last)
    if not form.is_valid():
        return render(request, "domains/review.html", _context(request, domain, answer_form=form), status=422)
    answered = answering.answer(
        last,
        form.answers,
        form.cleaned_data.get(REPLY, ""),
        seen=moment_of(form.cleaned_data["seen"]) or last.state_since,
        user=request.user,
        request=request,
    )
    if answered:
        messages.success(request, _("Your answers were sent."))
    else:
        messages.error(request, _("Somebody was quicker. The page shows how things stand."))
    return redirect("domains:review", request.account.pk, domain.pk)


def _context(request: AccountRequest, domain: SendingDomain, **forms: Any) -> dict[str, Any]:
    last = domain.reviews.order_by("-pk").first()
    may_manage = can(request.membership, Ability.MANAGE_DOMAINS)
    may_appeal = answering.may_appeal(last)
    told = story(domain, may_appeal=may_appeal)
    asks = domain.compliance_status == Compliance.AWAITING_QUESTIONNAIRE and last is not None
    url, action = _next_place(request, domain)
    return {
        "domain": domain,
        "name": display_name(domain.name),
        "story": told,
        "here": reverse("domains:review", args=[domain.account_id, domain.pk]),
        "seen": f"{domain.compliance_status}-{last.state_since.timestamp() if last else 0}",
        "is_moving": last is not None and last.state == State.AUTOMATIC and domain.compliance_status == "under_review",
        "may_manage": may_manage,
        "tabs": domain_tabs(domain, "domains:review"),
        "next_url": url if may_manage else "",
        "next_action": action,
        "answer_form": AnswerForm(review=last) if asks and last and may_manage else None,
        "appeal_form": AppealForm() if may_appeal and may_manage else None,
        "answers": in_words(last.answers) if last else [],
        "info": company.info_of(request.account),
        "past": past_of(domain),
    } | forms


def _next_place(request: AccountRequest, domain: SendingDomain) -> tuple[str, str]:
    """Where the customer's next step is done, and the words of its button; empty where there is none for this reader:
    somebody limited to some domains does nothing that holds for the account."""
    status = domain.compliance_status
    if request.membership.is_limited and status != Compliance.UNVERIFIED_DNS:
        return "", ""
    match status:
        case Compliance.MISSING_COMPANY_INFO:
            form = reverse("domains:company", args=[domain.account_id])
            return f"{form}?next={domain.pk}", _("Enter the sender information")
        case Compliance.UNVERIFIED_DNS:
            return reverse("domains:detail", args=[domain.account_id, domain.pk]), _("See the records")
        case Compliance.AWAITING_CARD_VERIFICATION:
            return url_or_nothing("billing:plan", domain.account_id), _("Compare the plans")
        case Compliance.DEMO_EXHAUSTED:
            return reverse("domains:add", args=[domain.account_id]), _("Add a domain")
        case _:
            return "", ""
