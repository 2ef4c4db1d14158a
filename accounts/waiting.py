"""How long somebody has to wait whom a throttle of the sign-in pages (allauth) has stopped, in words."""

import math
import time

from allauth.account import app_settings
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def seconds_left(request: HttpRequest, action: str, key: str | None = None) -> float:
    """Until every limit of the action has room for one more; 0 where nothing is counted."""
    now, longest = time.time(), 0.0
    for rate in ratelimit.parse_rates(app_settings.RATE_LIMITS.get(action)):
        if (rate.per == "key" and key is None) or (rate.per == "user" and not request.user.is_authenticated):
            continue
        counted = cache.get(
            ratelimit.get_cache_key(request, app="allauth.account", action=action, rate=rate, key=key), []
        )
        recent = [at for at in counted if at > now - rate.duration]
        if len(recent) >= rate.amount:
            # Newest first: there is room once the oldest of the last `amount` has left the window.
            longest = max(longest, recent[rate.amount - 1] + rate.duration - now)
    return longest


def words(seconds: float) -> str:
    """“2 minutes”, rounded up.

    >>> words(1), words(60), words(61), words(3_700)
    ('1 minute', '1 minute', '2 minutes', '2 hours')
    """
    minutes = max(math.ceil(seconds / 60), 1)
    if minutes < 60:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    hours = math.ceil(minutes / 60)
    return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}


def sentence(request: HttpRequest, action: str, key: str | None = None) -> str:
    """What the form says."""
    return _(
        "Too many sign-ins failed, so we wait before the next. Try again in %(time)s, or choose a new password."
    ) % {"time": words(seconds_left(request, action, key))}


def longest_window(request: HttpRequest) -> float:
    """The longest that any throttle still holds this client up, whatever it did; at least a minute."""
    actions = (name for name in app_settings.RATE_LIMITS if name != "login_failed")
    return max((seconds_left(request, action) for action in actions), default=0.0) or 60.0
