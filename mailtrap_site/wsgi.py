"""The WSGI application: a lean handler without middleware for the sending API, Django's full stack for the rest."""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from mailtrap_site.embedded.follow_parent import end_with_parent

end_with_parent()

LEAN_PATHS = frozenset({"/api/send", "/bulk/api/send", "/healthz"})


class LeanHandler(WSGIHandler):
    """Django's handler without sessions, CSRF and the like: the sending API authenticates by token alone."""

    def load_middleware(self, is_async: bool = False) -> None:
        for hooks in ("_view_middleware", "_template_response_middleware", "_exception_middleware"):
            setattr(self, hooks, [])
        self._middleware_chain = convert_exception_to_response(self.find_and_call)

    def find_and_call(self, request: HttpRequest) -> HttpResponseBase:
        """Finds the view and calls it: what is left of Django's chain."""
        response: HttpResponseBase = super()._get_response(request)  # type: ignore[misc]
        return response


_full = get_wsgi_application()
_lean = LeanHandler()


def choose_handler(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Chooses the handler by path."""
    handler = _lean if environ["PATH_INFO"] in LEAN_PATHS else _full
    return handler(environ, start_response)


def behind_proxies(application: Callable[..., Any], proxies: tuple[str, ...]) -> Callable[..., Any]:
    """Believes X-Forwarded-For and X-Forwarded-Proto of these addresses, and of nobody else."""
    return wrap_wsgi_with_proxy_headers(application, trusted_hosts=list(proxies)) if proxies else application


application = behind_proxies(choose_handler, settings.ENVIRONMENT.trusted_proxies)
