"""The page behind every refusal's link: each stable code, what it means at both doors, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sending.policy.refusal import Reason, Refusal


@require_safe
def refusals(request: HttpRequest) -> HttpResponse:
    """Open to anyone: a client's log may hold the link where nobody is signed in."""
    rows = [Refusal(reason, "…") for reason in Reason]
    return render(request, "sending/refusals.html", {"refusals": rows})
