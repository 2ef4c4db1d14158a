"""Accounts that send more than the Free plan lets: tests, proofs and benchmarks whose subject is not the limit."""

from accounts.models import Account
from billing.models import QuotaOverride

Term = QuotaOverride.Term


def make_roomy(account: Account, *terms: QuotaOverride.Term) -> Account:
    """Lifts these limits of the account, by default those of the day and the hour; the month's stays as it is."""
    for term in terms or (Term.EMAILS_PER_DAY, Term.EMAILS_PER_HOUR):
        QuotaOverride.objects.create(
            account=account, term=term, value=None, reason="Room for a test.", starts_at=account.created_at
        )
    return account
