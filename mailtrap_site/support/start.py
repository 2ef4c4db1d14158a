"""Where the support desk begins: what waits for a person, and the search."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from mailtrap_site.support import piles
from mailtrap_site.support.find_form import FindForm


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The piles that this member of staff may work on."""
    assert isinstance(request.user, User)
    found = piles.waiting(request.user, timezone.now())
    context = {
        "title": _("Needs a human"),
        "waiting": [one for one in found if one.count],
        "empty": [one for one in found if not one.count],
        "count_to": piles.COUNT_TO,
        "form": FindForm() if request.user.has_perm("accounts.view_account") else None,
    }
    return render(request, "admin/start/start.html", admin.site.each_context(request) | context)
