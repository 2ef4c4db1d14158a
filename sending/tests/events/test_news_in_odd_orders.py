"""Whatever order news come in, a message ends in the state that they prove, and no event is lost."""

import uuid
from itertools import permutations

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import World
from sending.events.lifecycle import FINAL, contract_status
from sending.events.record import News, record_news
from sending.models import Event, Message, QueueEntry
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db
Type = Event.Type

ORDERS = [
    # news, the status that is stored, what the contract calls it
    ([Type.DELIVERY, Type.BOUNCE], "bounced", "not_delivered"),
    ([Type.BOUNCE, Type.DELIVERY], "bounced", "not_delivered"),
    ([Type.DELIVERY, Type.DELIVERY], "delivered", "delivered"),
    ([Type.DELIVERY, Type.SOFT_BOUNCE], "delivered", "delivered"),
    ([Type.SOFT_BOUNCE, Type.BOUNCE, Type.SOFT_BOUNCE], "bounced", "not_delivered"),
    ([Type.SPAM], "queued", "enqueued"),
    ([Type.SPAM, Type.DELIVERY], "delivered", "opted_out"),
    ([Type.UNSUBSCRIBE, Type.DELIVERY], "delivered", "opted_out"),
    ([Type.DELIVERY, Type.UNSUBSCRIBE, Type.SPAM], "delivered", "opted_out"),
    ([Type.DELIVERY, Type.SPAM, Type.BOUNCE], "bounced", "not_delivered"),
    ([Type.OPEN, Type.DELIVERY], "delivered", "delivered"),
    ([Type.CANCEL, Type.DELIVERY], "delivered", "delivered"),
    ([Type.CANCEL, Type.BOUNCE], "cancelled", "not_delivered"),
    ([Type.REJECT, Type.DELIVERY], "delivered", "delivered"),
    ([Type.CANCEL, Type.RELEASE], "cancelled", "not_delivered"),
    ([Type.SUSPENSION, Type.DELIVERY], "delivered", "delivered"),
    ([Type.SUSPENSION, Type.RELEASE], "queued", "enqueued"),
]


def tell(message_id: uuid.UUID, account_id: int, *news: Event.Type) -> Message:
    """One statement each, as several workers would."""
    for one in news:
        record_news([News(message_id, account_id, one, timezone.now(), {})])
    return Message.objects.get(pk=message_id)


@pytest.mark.parametrize(("news", "status", "called"), ORDERS, ids=lambda one: "-".join(one) if one else "")
def test_the_end_is_what_the_news_prove(news: list[Event.Type], status: str, called: str, world: World):
    [message_id] = queue_message(world.domain, "rita@far.test")
    message = tell(message_id, world.account.pk, *news)
    assert (message.status, contract_status(message.status, message.opted_out_at)) == (status, called)
    is_over = message.status in FINAL
    assert (message.finished_at is not None) is is_over
    assert QueueEntry.objects.filter(message_id=message_id).exists() is not is_over
    assert sorted(Event.objects.filter(message=message_id).exclude(type="accepted").values_list("type", flat=True)) == (
        sorted(news)
    )


def test_delivery_complaint_and_unsubscription_may_come_in_any_order(world: World):
    news = (Type.DELIVERY, Type.SPAM, Type.UNSUBSCRIBE)
    for order in permutations(news):
        [message_id] = queue_message(world.domain, "rita@far.test")
        message = tell(message_id, world.account.pk, *order)
        assert contract_status(message.status, message.opted_out_at) == "opted_out", order
