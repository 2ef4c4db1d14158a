"""What staff do about a domain: each act says what follows, wants a reason, and stands in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from billing.stripe_gateway import payments_are_on
from domains.compliance import decisions, review
from domains.models import ComplianceReview, SendingDomain
from domains.names import display_name
from mailtrap_site.support.compliance_forms import ActForm

State = ComplianceReview.State
Compliance = SendingDomain.Compliance
REASON = gettext_lazy("Reason, for the customer too")


@dataclass(frozen=True, slots=True)
class Act:
    """`of_review` acts on an open review as its page showed it, the others on the domain."""

    code: str
    verb: str | Promise
    consequence: str | Promise
    call: Callable[..., Any]
    of_review: bool = True
    label: str | Promise = REASON
    is_main: bool = False


ACTS = {
    act.code: act
    for act in (
        Act(
            "approve",
            gettext_lazy("Approve"),
            gettext_lazy("It may send from the next email on, whenever its DNS records stand."),
            decisions.approve,
            is_main=True,
        ),
        Act(
            "ask",
            gettext_lazy("Ask"),
            gettext_lazy("The customer gets your question by email; the answer brings the review back to this queue."),
            decisions.ask,
            label=gettext_lazy("Question to the customer"),
        ),
        Act(
            "card",
            gettext_lazy("Ask for a card"),
            gettext_lazy("The review waits until the account has paid an invoice, and comes back to this queue then."),
            decisions.ask_for_card,
        ),
        Act(
            "reject",
            gettext_lazy("Reject"),
            gettext_lazy("It may not send. The customer reads the reason and may ask once for another look."),
            decisions.reject,
        ),
        Act(
            "again",
            gettext_lazy("Look again"),
            gettext_lazy("A new review begins in this queue, with all that is known so far."),
            decisions.look_again,
            of_review=False,
        ),
        Act(
            "suspend",
            gettext_lazy("Suspend"),
            gettext_lazy("Mail from it is accepted and held from now on, until somebody releases it."),
            decisions.suspend,
            of_review=False,
        ),
        Act(
            "release",
            gettext_lazy("Release"),
            gettext_lazy("What was held leaves, and new mail is accepted if nothing else stops it."),
            decisions.release,
            of_review=False,
        ),
    )
}


def acts_on(domain: SendingDomain, last: ComplianceReview | None) -> list[Act]:
    """What can be done now."""
    if domain.deleted_at is not None:
        return []
    codes: list[str] = []
    if last is not None and last.state in review.OPEN_STATES:
        codes += ["approve", "ask", *(["card"] if payments_are_on() else []), "reject"]
    if last is not None and last.state == State.REJECTED:
        codes.append("again")
    codes.append("release" if domain.compliance_status == Compliance.SUSPENDED else "suspend")
    return [ACTS[code] for code in codes]


@require_http_methods(["GET", "HEAD", "POST"])
def compliance_act(request: HttpRequest, domain_id: int, act: str) -> HttpResponse:
    """Asks for the reason, then acts."""
    if not request.user.has_perm("domains.change_compliancereview"):
        raise PermissionDenied
    chosen = ACTS.get(act)
    if chosen is None:
        raise Http404
    domain = get_object_or_404(SendingDomain.objects.select_related("account"), pk=domain_id)
    last = review.last_of(domain)
    if chosen not in acts_on(domain, last):
        return _was_quicker(request, domain)
    form = ActForm(request.POST or None, initial={"seen": request.GET.get("seen", "")})
    form.fields["reason"].label = str(chosen.label)
    if request.method == "POST" and form.is_valid():
        if not _do(request, chosen, domain, last, form):
            return _was_quicker(request, domain)
        messages.success(
            request, _("%(name)s: “%(verb)s” was done.") % {"name": display_name(domain.name), "verb": chosen.verb}
        )
        return redirect("admin:compliance")
    values = {"verb": chosen.verb, "name": display_name(domain.name)}
    context = admin.site.each_context(request) | {
        "title": _("%(verb)s: %(name)s?") % values,
        "button": _("%(verb)s: %(name)s") % values,
        "domain": domain,
        "consequence": chosen.consequence,
        "form": form,
    }
    return render(request, "admin/compliance/act.html", context, status=422 if form.is_bound else 200)


def _do(request: HttpRequest, act: Act, domain: SendingDomain, last: ComplianceReview | None, form: ActForm) -> bool:
    assert isinstance(request.user, User)
    reason = form.cleaned_data["reason"]
    if not act.of_review:
        return bool(act.call(domain, reason, request.user, request=request))
    seen = _moment(form.cleaned_data["seen"])
    return bool(seen and last and act.call(last, reason, request.user, seen=seen, request=request))


def _was_quicker(request: HttpRequest, domain: SendingDomain) -> HttpResponse:
    messages.warning(request, _("Nothing was changed: somebody was quicker. This is how it stands now."))
    return redirect("admin:compliance_review", domain.pk)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
