"""Failed SMTP logins by client address, counted in the shared cache. Refusals for quota are no failed logins."""

from hashlib import sha256

from django.core.cache import cache

MOST_FAILURES = 20
WINDOW_SECONDS = 300


def is_blocked(client_ip: str) -> bool:
    """Whether the address has failed too often within the window."""
    return int(cache.get(_key(client_ip)) or 0) >= MOST_FAILURES


def note_failure(client_ip: str) -> None:
    """Counts one; the window starts with the first."""
    key = _key(client_ip)
    if not cache.add(key, 1, WINDOW_SECONDS):
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, WINDOW_SECONDS)


def _key(client_ip: str) -> str:
    return f"smtp-login-{sha256(client_ip.encode()).hexdigest()[:32]}"
