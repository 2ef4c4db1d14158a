"""Replies that no bounce rule named, at the support desk: grouped, so that each group is one rule to be written."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sending.log.unknown_replies import unknown_replies as find


@require_safe
def unknown_replies(request: HttpRequest) -> HttpResponse:
    """The groups, the most frequent first, each with examples and the draft of a rule."""
    if not request.user.has_perm("sending.view_message"):
        raise PermissionDenied
    found = find(timezone.now())
    context: dict[str, Any] = {"title": _("Unknown replies"), "found": found}
    return render(request, "admin/replies/unknown.html", admin.site.each_context(request) | context)
