"""The WSGI application of the baseline: `bench.orm_view` alone, without middleware."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class LeanHandler(WSGIHandler):
    """Django's handler without sessions, CSRF and the like."""

    def load_middleware(self, is_async: bool = False) -> None:
        for hooks in ("_view_middleware", "_template_response_middleware", "_exception_middleware"):
            setattr(self, hooks, [])
        self._middleware_chain = convert_exception_to_response(self.find_and_call)

    def find_and_call(self, request: HttpRequest) -> HttpResponseBase:
        """Finds the view and calls it: what is left of Django's chain."""
        response: HttpResponseBase = super()._get_response(request)  # type: ignore[misc]
        return response


django.setup()
settings.ROOT_URLCONF = "bench.orm_view"
application = LeanHandler()
