"""Failed logins with API tokens by door and client address, counted in the shared cache.

Refusals for quota are no failed logins.
"""

import time
from enum import StrEnum
from hashlib import sha256

from django.core.cache import cache

from mailtrap_site.client_address import network_of

MOST_FAILURES = 20
WINDOW_SECONDS = 300
KNOWN_SECONDS = 10.0
"""How long a process takes it for known that an address is blocked, so that a flood of failures costs no queries."""
MOST_KNOWN = 4096

_known_until: dict[str, float] = {}


class LoginDoor(StrEnum):
    """What was knocked at: failures at one door do not close the other."""

    SMTP = "smtp"
    HTTP = "http"


def is_blocked(door: LoginDoor, client_ip: str) -> bool:
    """Whether the address has failed too often within the window."""
    return int(cache.get(_key(door, client_ip)) or 0) >= MOST_FAILURES


def note_failure(door: LoginDoor, client_ip: str) -> None:
    """Counts one; the window starts with the first."""
    key = _key(door, client_ip)
    if not cache.add(key, 1, WINDOW_SECONDS):
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, WINDOW_SECONDS)


def fails_too_often(door: LoginDoor, client_ip: str) -> bool:
    """Counts a failure and answers whether there were too many before it."""
    key, now = _key(door, client_ip), time.monotonic()
    if _known_until.get(key, 0.0) > now:
        return True
    if not is_blocked(door, client_ip):
        note_failure(door, client_ip)
        return False
    if len(_known_until) >= MOST_KNOWN:
        _known_until.clear()
    _known_until[key] = now + KNOWN_SECONDS
    return True


def _key(door: LoginDoor, client_ip: str) -> str:
    return f"{door}-login-{sha256(network_of(client_ip).encode()).hexdigest()[:32]}"
