"""Shows times in the reader's zone: the profile's, else the browser's, which a script keeps in a cookie."""

from collections.abc import Callable
from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

COOKIE = "time_zone"


class ReaderTimeZoneMiddleware:
    """Activates the zone for the length of the request; UTC where nobody told one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone_of(request)):
            return self.get_response(request)


@cache
def zone_names() -> frozenset[str]:
    """Every IANA name that this machine knows; the database is read once."""
    return frozenset(available_timezones())


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    chosen = getattr(request.user, "time_zone", "")
    for name in (chosen, unquote(request.COOKIES.get(COOKIE, ""))):
        if name in zone_names():
            return ZoneInfo(name)
    return None
