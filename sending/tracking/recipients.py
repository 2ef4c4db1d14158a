"""Who a link was made for, as the database knows them now: enough for a page, also once the message's row is gone."""

from dataclasses import dataclass

from accounts.models import Account
from domains.models import SendingDomain
from domains.names import display_name
from sending.protocol.recipient_links import RecipientRef
from sending.suppressions import same_address
from sending.tracking.addresses import masked
from sending.tracking.places import Place


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address as a recipient of one domain and stream."""

    ref: RecipientRef
    domain: SendingDomain

    @property
    def account(self) -> Account:
        return self.domain.account

    @property
    def place(self) -> Place:
        return Place(self.domain.account_id, self.domain.pk, same_address(self.ref.address))

    @property
    def sender(self) -> str:
        """As the readers of the domain know it."""
        return self.domain.brand_name or display_name(self.domain.name)

    @property
    def masked_address(self) -> str:
        return masked(self.ref.address)


def recipient_of(ref: RecipientRef | None) -> Recipient | None:
    """None for a token that is not ours, and where the domain's account is gone. A deleted domain keeps its row."""
    if ref is None:
        return None
    domain = SendingDomain.objects.filter(pk=ref.domain_id).select_related("account").first()
    return Recipient(ref, domain) if domain else None
