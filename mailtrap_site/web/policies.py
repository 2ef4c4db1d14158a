"""The Content-Security-Policy header: strict everywhere, and the support desk's own below /admin/."""

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, told where the library of the support desk needs more."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.ADMIN_POLICY  # type: ignore[attr-defined]
        return super().process_response(request, response)
