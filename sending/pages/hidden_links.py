"""What a reader is shown of a message where its stream hides the secrets of links from those who only look."""

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest
from sending.delivery.source import source_of
from sending.models import Message
from sending.policy.streams import hides_links
from sending.protocol.hidden_mail import HiddenMail, hide


def hides_from(request: AccountRequest, message: Message) -> bool:
    """Whether this reader sees the message without the secrets of its links."""
    if can(request.membership, Ability.VIEW_LINKS, message.domain_id):
        return False
    return hides_links(message.account_id, message.stream)


def source_for(request: AccountRequest, message: Message) -> HiddenMail:
    """The source as this reader may see it. Raises `CannotCompose`."""
    source = source_of(message)
    return hide(source) if hides_from(request, message) else HiddenMail(source, is_changed=False)
