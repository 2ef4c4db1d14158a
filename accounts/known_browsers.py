"""Whether a browser has signed this person in before: it keeps a signed cookie that says so, and we keep nothing.

Whoever signs in from another one gets a letter (`accounts.sign_in_news`).
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User

COOKIE = "known_browser"
KEPT = timedelta(days=365)
MOST = 8
"""People that one browser remembers, the newest last."""
_SALT = "accounts.known_browsers"
_TO_KEEP = "_known_browser_of"


class KnownBrowserMiddleware:
    """Gives the cookie to a browser in which somebody has just signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        people = getattr(request, _TO_KEEP, None)
        if people is not None:
            response.set_cookie(
                COOKIE,
                signing.dumps(people, salt=_SALT),
                max_age=int(KEPT.total_seconds()),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether this browser has signed this person in before."""
    return user.pk in _people(request)


def remember(request: HttpRequest, user: User) -> None:
    """The answer to this request tells the browser."""
    people = [pk for pk in _people(request) if pk != user.pk]
    setattr(request, _TO_KEEP, [*people, user.pk][-MOST:])


def _people(request: HttpRequest) -> list[int]:
    try:
        people = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KEPT)
    except signing.BadSignature:
        return []
    return people if isinstance(people, list) else []
