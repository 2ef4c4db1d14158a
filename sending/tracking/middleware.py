"""The addresses that recipients follow, apart from the rest of the site.

They are served under any name that leads here, such as that of a customer's tracked links, and without cookies,
session or CSRF token: only we can make a token, whoever has it may do what it was made for, and mail services have to
be able to post it (RFC 8058). Nothing in the answers comes from the Host header.
"""

from collections.abc import Callable

import structlog
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from sending.tracking.views import failed, unknown

log = structlog.get_logger(__name__)

PREFIX = "/t/"


class RecipientMiddleware:
    """Answers below /t/ itself, before what looks at hosts and cookies. No token reaches a log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        response = _answer(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))  # type: ignore[attr-defined]
        # Neither where a page's link leads nor Django's own log may learn the address.
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


def _answer(request: HttpRequest) -> HttpResponseBase:
    try:
        match = resolve(request.path_info)
        return match.func(request, *match.args, **match.kwargs)
    except (Resolver404, Http404):
        return unknown()
    except Exception:
        log.exception("recipient_page_failed", method=request.method)
        return failed()
