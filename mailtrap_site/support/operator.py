"""The operator's page at the support desk: what the last run of the checks found, and a button that runs them."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import audit
from mailtrap_site.operator import checks
from mailtrap_site.operator.finding import State

LOOKS = {
    State.FINE: ("check_circle", gettext_lazy("Fine"), "text-green-700 dark:text-green-400"),
    State.WARNING: ("warning", gettext_lazy("Watch"), "text-orange-700 dark:text-orange-400"),
    State.FAILURE: ("error", gettext_lazy("Mend"), "text-red-700 dark:text-red-400"),
    State.UNKNOWN: ("help", gettext_lazy("Not known"), "text-base-600 dark:text-base-300"),
    State.SKIPPED: ("remove", gettext_lazy("Not asked"), "text-base-600 dark:text-base-300"),
}
"""Icon, word and colour."""


@require_http_methods(["GET", "HEAD", "POST"])
def operator(request: HttpRequest) -> HttpResponse:
    """A GET asks nobody; a POST asks the world, which takes a while, and shows what it found."""
    if not request.user.has_perm("sending.change_queueentry"):
        raise PermissionDenied
    if request.method == "POST":
        failed = checks.run().count(State.FAILURE)
        audit.record(
            "operator.checked",
            account=None,
            changes={"failures": {"from": None, "to": failed}},
            request=request,
            by_staff=True,
        )
        messages.success(request, _("Everything was asked anew."))
        return redirect("admin:operator")
    report = checks.last()
    sections = [
        (section.title, [(one, *LOOKS[one.state]) for one in section.findings])
        for section in (report.sections if report else ())
    ]
    counts = [(word, report.count(state)) for state, (_icon, word, _colour) in LOOKS.items()] if report else []
    context = {"title": _("Health of the instance"), "report": report, "sections": sections, "counts": counts}
    return render(request, "admin/operator/operator.html", admin.site.each_context(request) | context)
