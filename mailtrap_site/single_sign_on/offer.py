"""For whom single sign-on is there: accounts whose plan has it, and addresses of domains that they have proved."""

from accounts.models import Account, SingleSignOn
from billing.plans import Feature
from billing.terms import terms_of
from domains.models import SendingDomain


def has_single_sign_on(account: Account) -> bool:
    """Whether its plan includes it."""
    return Feature.SSO in terms_of(account).plan.features


def proved_domains(account: Account) -> set[str]:
    """The domains whose records stand in DNS for this account: its provider may vouch for their addresses alone.

    Else an account could name any domain, and its provider sign in as anybody."""
    standing = SendingDomain.objects.filter(
        account=account, deleted_at=None, records_gone_since=None, dns_verified_at__isnull=False
    )
    return set(standing.values_list("name", flat=True))


def may_vouch(row: SingleSignOn, email: str) -> bool:
    """Whether this provider may sign in whoever has the address, at this moment."""
    domain = email.rpartition("@")[2].lower()
    return domain in row.email_domains and domain in proved_domains(row.account) and has_single_sign_on(row.account)


def provider_for(email: str) -> SingleSignOn | None:
    """Where people with this address sign in; None where no account has said."""
    domain = email.rpartition("@")[2].lower()
    rows = SingleSignOn.objects.filter(email_domains__contains=[domain]).select_related("account").order_by("pk")
    return next((row for row in rows if may_vouch(row, email)), None)
