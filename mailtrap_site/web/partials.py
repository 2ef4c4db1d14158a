"""One view serves the page and the fragment that HTMX asks for; the page includes the same fragment template."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

STOP_POLLING = 286
"""HTMX swaps the answer and asks no more."""


def wants_fragment(request: HttpRequest, target: str = "") -> bool:
    """Whether HTMX asks for a part (of this target, if named); going back in history asks for the whole page."""
    htmx = getattr(request, "htmx", None)
    if not htmx or htmx.boosted or htmx.history_restore_request:
        return False
    return not target or htmx.target == target


def render_page(
    request: HttpRequest,
    page: str,
    fragment: str,
    context: Mapping[str, Any],
    *,
    target: str = "",
    status: int = 200,
) -> HttpResponse:
    """The fragment template when HTMX asks for it (swapping into `target`), else the whole page."""
    template = fragment if wants_fragment(request, target) else page
    response = render(request, template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def render_invalid(
    request: HttpRequest, page: str, fragment: str, context: Mapping[str, Any], *, target: str = ""
) -> HttpResponse:
    """A form that does not stand: 422 with its fragment, or with the page."""
    return render_page(request, page, fragment, context, target=target, status=422)


def unchanged() -> HttpResponse:
    """The answer to a poll when nothing moved: 204, and nothing is swapped."""
    return HttpResponse(status=204)
