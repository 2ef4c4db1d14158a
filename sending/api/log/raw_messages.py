"""The source of one message by a signed address that ends: whoever has the link may read, and nobody else."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sending.delivery.source import CannotCompose, source_of
from sending.log.paging import find
from sending.models import Message
from sending.policy.streams import hides_links
from sending.protocol.hidden_mail import hide

VALID = timedelta(hours=1)
_SALT = "sending.raw_message"


def raw_message_url(message: Message, *, with_links: bool) -> str:
    """An address that gives the message as it left, for one hour; `with_links` to whoever administers its domain. To
    others the secrets of links are hidden where its stream wants that when they open it."""
    ticket = signing.dumps([message.account_id, message.pk.hex, with_links], salt=_SALT)
    return f"{settings.SITE_URL}{reverse('sending:raw_message', args=[ticket])}"


@require_safe
@never_cache
def raw_message(request: HttpRequest, ticket: str) -> HttpResponse:
    """The file. 404 for a ticket that is forged or old, and once the content is gone."""
    try:
        account_id, message_id, *rights = signing.loads(ticket, salt=_SALT, max_age=VALID)
        message = find(account_id, message_id)
        if message is None:
            raise Http404
        source = source_of(message)
        if rights != [True] and hides_links(account_id, message.stream):
            source = hide(source).source
    except (signing.BadSignature, CannotCompose) as problem:
        raise Http404 from problem
    response = HttpResponse(source, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{message.pk}.eml"'
    return response
