"""Signs out one of the reader's browsers; the list of them is allauth's page."""

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.sign_in_news import record_for_all
from mailtrap_site.web.browsers import browser_words


@login_required
@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """One's own alone."""
    assert isinstance(request.user, User)
    found = UserSession.objects.filter(user=request.user, pk=session_id).first()
    if found is None:
        raise Http404
    words = browser_words(found.user_agent)
    record_for_all("user.sessions_ended", request.user, request, {"browser": {"from": words, "to": None}})
    end_sessions(request, [found])
    messages.success(request, _("%(browser)s was signed out.") % {"browser": words})
    return redirect("usersessions_list")
