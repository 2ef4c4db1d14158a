"""Looking at a domain's records because somebody asks for it, as often as that does no harm to anybody's DNS."""

from accounts.rate_limits import Limit, take
from domains import verification
from domains.models import SendingDomain

MEMBER = Limit(4, "domain_check", 6, 60)
"""By people and tokens of the account, on one domain."""
VISITOR = Limit(5, "domain_check_by_link", 1, 30)
"""By whoever has the link of its set-up page; DNS of others must not be asked by strangers any faster."""


def check_now(domain: SendingDomain, limit: Limit) -> int:
    """Ask DNS now and return 0, or the seconds to wait where this domain was asked about too often."""
    allowance = take(limit, domain.pk)
    if allowance.is_refused:
        return allowance.reset
    verification.check(domain.pk)
    return 0
