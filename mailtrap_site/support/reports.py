"""Mail to abuse@ and postmaster@ at the support desk: the oldest first, each until somebody has dealt with it."""

import re
import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.models import User
from sending.bounces import own_mail
from sending.models import IncomingReport, Message

MOST = 50
MOST_IDS = 5
"""Of messages of ours that a report names."""
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", re.IGNORECASE)


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Those that nobody has dealt with, with the messages of ours that they name."""
    if not request.user.has_perm("sending.view_incomingreport"):
        raise PermissionDenied
    found = list(IncomingReport.objects.filter(done_at=None).order_by("received_at")[:MOST])
    context: dict[str, Any] = {
        "title": _("Mail to abuse and postmaster"),
        "reports": [(one, _named(one.text)) for one in found],
        "may_change": request.user.has_perm("sending.change_incomingreport"),
    }
    return render(request, "admin/reports/reports.html", admin.site.each_context(request) | context)


@require_POST
def report_done(request: HttpRequest, report_id: int) -> HttpResponse:
    """It was dealt with."""
    if not request.user.has_perm("sending.change_incomingreport"):
        raise PermissionDenied
    assert isinstance(request.user, User)
    report = get_object_or_404(IncomingReport, pk=report_id)
    if own_mail.done(report.pk, request.user):
        audit.record("report.done", account=None, target=report, request=request, by_staff=True)
        messages.success(request, _("“%s” is done.") % report)
    else:
        messages.warning(request, _("Somebody was quicker."))
    return redirect("admin:reports")


def _named(text: str) -> list[uuid.UUID]:
    """The ids of messages of ours in a text."""
    ids = list(dict.fromkeys(uuid.UUID(one) for one in _UUID.findall(text)))[:MOST_IDS]
    return list(Message.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else []
