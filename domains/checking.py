"""Looking at a domain's records because somebody asks for it, as often as that does no harm to anybody's DNS."""

from accounts.rate_limits import DOMAIN_CHECK, DOMAIN_CHECK_BY_LINK, Limit, take
from domains import verification
from domains.models import SendingDomain

MEMBER, VISITOR = DOMAIN_CHECK, DOMAIN_CHECK_BY_LINK


def check_now(domain: SendingDomain, limit: Limit) -> int:
    """Ask DNS now and return 0, or the seconds to wait where this domain was asked about too often."""
    allowance = take(limit, domain.pk)
    if allowance.is_refused:
        return allowance.reset
    verification.check(domain.pk)
    return 0
