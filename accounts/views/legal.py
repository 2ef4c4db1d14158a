"""What this instance promises and asks, as pages that its operator edits: templates named `legal/….html` in
TEMPLATES_DIR come before ours."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

PAGES: dict[str, Promise] = {
    "terms": _("Terms"),
    "privacy": _("Privacy"),
    "cookies": _("Cookies"),
    "subprocessors": _("Sub-processors"),
    "data-processing": _("Data processing"),
}
"""By the name of the template; in this order in the foot of every page."""


@require_safe
def legal(request: HttpRequest, page: str) -> HttpResponse:
    """One of PAGES, to everybody."""
    context = {
        "version": settings.TERMS_VERSION,
        "takes_payments": bool(settings.STRIPE_SECRET_KEY),
        "session_days": settings.SESSION_COOKIE_AGE // 86_400,
    }
    return render(request, f"legal/{page}.html", context)
