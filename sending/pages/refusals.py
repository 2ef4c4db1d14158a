"""The page behind every refusal's link: each stable code, what it means at either door, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sending.policy.fault import Fault, FaultCode
from sending.policy.refusal import Reason, Refusal


@require_safe
def refusals(request: HttpRequest) -> HttpResponse:
    """Open to anyone: a client's log may hold the link where nobody is signed in."""
    refusals = [Refusal(reason, "…") for reason in Reason]
    faults = [Fault(code, "…") for code in FaultCode]
    return render(request, "sending/refusals.html", {"refusals": refusals, "faults": faults})
