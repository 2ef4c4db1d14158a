"""What customers ask for, at the support desk: the queue of open requests, and the answer to one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from billing import requests, stripe_leaving, subscriptions
from billing.models import SupportRequest
from mailtrap_site.support.plan_acts import stripe_warning
from mailtrap_site.support.plan_forms import AnswerForm, QuestionForm
from mailtrap_site.support.plan_page import open_requests
from mailtrap_site.web.navigation import url_or_nothing

MOST = 200


@require_safe
def request_queue(request: HttpRequest) -> HttpResponse:
    """Those that wait for an answer, oldest first."""
    if not request.user.has_perm("billing.view_supportrequest"):
        raise PermissionDenied
    context: dict[str, Any] = {
        "title": _("Requests"),
        "rows": [(one, requests.what(one)) for one in open_requests()[:MOST]],
        "may_answer": request.user.has_perm("billing.change_supportrequest"),
    }
    return render(request, "admin/plans/requests.html", admin.site.each_context(request) | context)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, request_id: int) -> HttpResponse:
    """Grants or declines a wish, or answers a question; what staff write goes to the account's owners."""
    if not request.user.has_perm("billing.change_supportrequest"):
        raise PermissionDenied
    assert isinstance(request.user, User)
    asked = get_object_or_404(SupportRequest.objects.select_related("account", "asked_by"), pk=request_id)
    pays = asked.kind == SupportRequest.Kind.PLAN and stripe_leaving.pays_at_stripe(asked.account)
    form = QuestionForm(request.POST or None) if asked.is_question else AnswerForm(request.POST or None, pays=pays)
    if request.method == "POST" and form.is_valid():
        try:
            answered = _act(asked, form, request.user)
        except ValueError as problem:
            form.add_error(None, str(problem))
        else:
            if answered:
                messages.success(request, _("The request of %s was answered.") % asked.account.name)
            else:
                messages.warning(request, _("Nothing was changed: somebody had answered it already."))
            return redirect("admin:requests")
    context = {
        "title": _("%(account)s asks for %(what)s") % {"account": asked.account.name, "what": requests.what(asked)},
        "asked": asked,
        "account": asked.account,
        "form": form,
        "warning": _warning(asked),
        "message_url": url_or_nothing("admin:sending_message_change", asked.message_id) if asked.message_id else "",
    }
    context = admin.site.each_context(request) | context
    return render(request, "admin/plans/answer.html", context, status=422 if form.is_bound else 200)


def _act(asked: SupportRequest, form: AnswerForm | QuestionForm, staff: User) -> bool:
    """Whether this was the answer. Raises ValueError with a sentence where it cannot be given."""
    words = form.cleaned_data["answer"]
    if isinstance(form, QuestionForm):
        return requests.answer_question(asked, words, staff)
    if form.cleaned_data["verdict"] != AnswerForm.GRANT:
        return requests.decline(asked, words, staff)
    if asked.is_open and asked.kind == SupportRequest.Kind.PLAN and stripe_leaving.pays_at_stripe(asked.account):
        stripe_leaving.leave(asked.account, agreed=form.ends_stripe)
    return requests.grant(asked, words, staff)


def _warning(asked: SupportRequest) -> str:
    if asked.kind != SupportRequest.Kind.PLAN:
        return ""
    return stripe_warning(subscriptions.subscription_of(asked.account).stripe_subscription_id)
