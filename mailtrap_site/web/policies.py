"""The Content-Security-Policy header: strict everywhere, and the support desk's own below /admin/; and what pages may
ask a browser for (Permissions-Policy): nothing but what they use."""

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

PAID_AT = ["https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com"]


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, told where the library of the support desk needs more."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.ADMIN_POLICY  # type: ignore[attr-defined]
        if settings.STRIPE_SECRET_KEY:
            # Forms of the plan answer with a redirect to where it is paid, which Chromium holds to form-action as well.
            goes_to = [settings.STRIPE_API_BASE] if settings.STRIPE_API_BASE else PAID_AT
            response._csp_update = {"form-action": goes_to}  # type: ignore[attr-defined]
        return super().process_response(request, response)


class PermissionsPolicyMiddleware:
    """Says that no page, nor any mail that it shows, may use the device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response
