"""What tests of compliance need: sender information that nobody objects to, and a domain on its way to a decision."""

from accounts.models import Account
from domains import company
from domains.compliance import automatic, review
from domains.models import ComplianceReview, SendingDomain
from mailtrap_site.testing.world import make_domain

COMPANY = {
    "name": "Acme Shop",
    "address": "1 Harbour Road",
    "city": "Bergen",
    "country": "Norway",
    "zip_code": "5003",
    "website_url": "https://acme.test",
}
ANSWERS = {
    "purpose": "Receipts and shipping news of our shop, whenever somebody has ordered something.",
    "recipients": "Customers with an account at our shop, most of them in Norway and Denmark.",
    "consent": "customers",
    "volume": "up_to_10k",
    "website": "https://acme.test",
}


def unreviewed(account: Account, name: str = "acme.test") -> SendingDomain:
    """A domain whose records stand and which compliance knows nothing of; its account has given its information."""
    company.save(account, COMPANY)
    return make_domain(account, name, approved=False)


def looked_at(domain: SendingDomain) -> ComplianceReview:
    """The review after the rules have looked; `domain` is made to show what stands now."""
    waiting = review.last_of(domain)
    assert waiting is not None
    assert automatic.look(waiting)
    domain.refresh_from_db()
    waiting.refresh_from_db()
    return waiting
