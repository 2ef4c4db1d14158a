"""Where Stripe's events arrive."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import stripe_events
from billing.stripe_gateway import Forged, payments_are_on


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """200 once the event is stored; 400 for a forged one; 404 where nothing is paid."""
    if not payments_are_on():
        return HttpResponse(status=404)
    try:
        stripe_events.take(request.body, request.headers.get("Stripe-Signature", ""), timezone.now())
    except Forged:
        return HttpResponse("The signature does not fit.", status=400, content_type="text/plain")
    return HttpResponse("Stored.", content_type="text/plain")
