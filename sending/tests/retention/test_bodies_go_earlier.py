"""Bodies go earlier than the log where an account wants that for a stream, and never while somebody waits for them."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import World
from sending import followers
from sending.delivery.source import CannotCompose, source_of
from sending.events.record import News, record_news
from sending.models import Content, Event, Message, Stream, StreamSetting, Submission
from sending.models.content import new_content_id
from sending.models.identifiers import time_of
from sending.models.partitions import make_partitions, partition_names, week_start
from sending.retention.upkeep import tend
from sending.submission.submit import submit
from sending.tests.drafts import draft
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


def happen(kind: Event.Type, *messages: uuid.UUID) -> None:
    now = timezone.now()
    found = Message.objects.filter(pk__in=messages)
    record_news([News(one.pk, one.account_id, kind, now, {}) for one in found])
    while followers.follow(time.monotonic() + 5):
        pass


def keep(world: World, **choice: object) -> None:
    StreamSetting.objects.create(account=world.account, stream=Stream.TRANSACTIONAL, **choice)


@pytest.mark.parametrize("keeps_subject", [True, False])
def test_a_body_goes_with_the_last_recipient_who_waits(keeps_subject: bool, world: World):
    keep(world, body_days=0, keeps_subject=keeps_subject)
    first, second = queue_message(world.domain, "a@far.test", "b@far.test")
    happen(Event.Type.DELIVERY, first)
    assert Content.objects.count() == 1
    happen(Event.Type.BOUNCE, second)
    assert Content.objects.count() == 0
    subject = "Hello" if keeps_subject else ""
    assert set(Message.objects.values_list("subject", flat=True)) == {subject}
    assert Submission.objects.get().subject == subject
    with pytest.raises(CannotCompose, match="your account keeps none of this stream"):
        source_of(Message.objects.get(pk=first))


def test_other_streams_and_accounts_keep_theirs(world: World):
    keep(world, body_days=0)
    bulk = queue_message(world.domain, "a@far.test", stream=Stream.BULK)
    theirs = queue_message(world.stranger_domain, "a@far.test")
    happen(Event.Type.DELIVERY, *bulk, *theirs)
    assert Content.objects.count() == 2


@pytest.mark.parametrize(("wanted", "days"), [({}, 3), ({"body_days": 1}, 1), ({"body_days": 0}, 1)])
def test_a_content_carries_when_it_goes(wanted: dict[str, int], days: int, world: World):
    keep(world, **wanted)
    begin = timezone.now()
    submit([draft(world)])
    kept = time_of(Submission.objects.get().content_id) - begin
    assert abs(kept - timedelta(days=days)) < timedelta(minutes=1)


def test_what_waits_keeps_its_body_beyond_its_day(world: World):
    now = timezone.now()
    make_partitions(now - timedelta(days=14))
    [waiting] = queue_message(world.domain, "a@far.test")
    week = f"sending_content_{week_start(now - timedelta(days=14)):%G_w%V}"
    content = Content.objects.create(id=new_content_id(now - timedelta(days=14)), data=b"needed")
    Submission.objects.update(content=content)
    Content.objects.exclude(pk=content.pk).delete()
    later = now + timedelta(days=2)
    tend(later, float("inf"))
    assert Content.objects.filter(pk=content.pk).exists()
    assert week in partition_names("sending_content")
    happen(Event.Type.CANCEL, waiting)
    tend(later, float("inf"))
    assert not Content.objects.exists()
    assert week not in partition_names("sending_content")
    with pytest.raises(CannotCompose, match="The body was kept until"):
        source_of(Message.objects.get(pk=waiting))
