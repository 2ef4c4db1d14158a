"""How often a token and an account may ask the APIs (contract 1.4), counted for all web workers of a machine together.

Whoever stays below a limit is never refused, and nobody gets more of it within any such time; of a limit above 150 less
than 1 % more (see sliding_window). Where several machines answer to one name, each counts for itself.
"""

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import structlog
from django.conf import settings

from accounts.shared_windows import SharedWindows

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds, times RATE_LIMIT_FACTOR; `number` (1 to 255) is this limit's alone."""

    number: int
    name: str
    requests: int
    seconds: int


TOKEN = Limit(1, "token", 150, 10)
"""Of one token on all endpoints; a batch is one request."""
EMAIL_LOGS = Limit(2, "email_logs", 60, 60)
EMAIL_LOG = Limit(3, "email_log", 1000, 60)
"""These of one account."""
CERTIFICATES = Limit(4, "certificates", 100, 10)
"""Of everybody together: whether a certificate may be issued for a name."""
SUPPRESSIONS = Limit(5, "suppressions", 10, 60)
"""Of one account on all endpoints of suppressions."""
STATS = Limit(16, "stats", 10, 60)
"""Of one account on all endpoints of statistics."""
DOMAIN_CHECK = Limit(6, "domain_check", 6, 60)
"""Of one domain, by people and tokens of its account."""
DOMAIN_CHECK_BY_LINK = Limit(7, "domain_check_by_link", 1, 30)
"""Of one domain, by whoever has the link of its set-up page: strangers must not have the DNS of others asked faster."""
INVITATIONS = Limit(20, "invitations", 30, 3600)
"""Letters that invite to one account."""
LEAK_REPORTS = Limit(21, "leak_reports", 20, 60)
"""Reports of leaked tokens from one network address."""


class Allowance(NamedTuple):
    """What a limit leaves its holder after a request; in `reset` whole seconds the oldest that counts is forgotten."""

    limit: int
    remaining: int
    reset: int
    is_refused: bool

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Of every answer."""
        return (
            ("X-Ratelimit-Limit", str(self.limit)),
            ("X-Ratelimit-Remaining", str(self.remaining)),
            ("X-Ratelimit-Reset", str(self.reset)),
        )


def take(limit: Limit, holder: int) -> Allowance:
    """Counts a request of a token or account, by its id, unless the limit is reached. Takes some microseconds."""
    most = limit.requests * settings.ENVIRONMENT.rate_limit_factor
    left, seconds, refusals = _windows.take(holder << 8 | limit.number, most, limit.seconds)
    if refusals:
        log.warning("rate_limited", limit=limit.name, holder=holder, refusals=refusals)
    return Allowance(most, max(left, 0), ceil(seconds) or 1, left < 0)


_windows = SharedWindows(settings.ENVIRONMENT.var_dir / "rate-limits")
