"""Staff look into an account: the reason first, then its pages as a viewer sees them, for half an hour."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import content_pass, support_visits
from accounts.models import Account
from mailtrap_site.support.plan_forms import ReasonForm


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks why; a POST with a reason leads to the account's overview."""
    if not request.user.has_perm(support_visits.PERMISSION):
        raise PermissionDenied
    account = get_object_or_404(Account, pk=account_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        support_visits.begin(account, form.cleaned_data["reason"], request)
        return redirect("sending:overview", account.pk)
    context = {
        "title": _("Look into %s?") % account.name,
        "account": account,
        "form": form,
        "minutes": int(support_visits.LASTS.total_seconds() // 60),
        "reads_content": content_pass.stands(account, timezone.now()),
    }
    context = admin.site.each_context(request) | context
    return render(request, "admin/tenants/visit.html", context, status=422 if form.is_bound else 200)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Back to the desk's page about the tenant."""
    visit = support_visits.end(request)
    if visit is None:
        return redirect("admin:index")
    messages.success(request, _("The visit has ended."))
    return redirect("admin:tenant", visit.account_id)
