"""Mail that is to leave later is accepted at once and stored as scheduled, with content that lasts long enough."""

import secrets
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.metering import usage
from billing.plans import FREE
from sending.models import Content, Event, Message, QueueEntry, Submission
from sending.models.content import new_content_id
from sending.models.partitions import make_partitions
from sending.policy.send_time import LONGEST_AHEAD
from sending.submission.draft import Tracking
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db

TO = (("to", "rita@far.test"), ("cc", "carl@near.test"))


def test_its_time_stands_in_queue_log_and_event(world):
    send_at = timezone.now() + timedelta(days=7, microseconds=123)
    [answer] = submit([draft(world, send_at=send_at, recipients=TO)])
    assert isinstance(answer, Accepted)
    rows = Message.objects.values_list("status", "next_attempt_at", "send_at")
    assert list(rows) == [("scheduled", send_at, send_at)] * 2
    assert list(QueueEntry.objects.values_list("due_at", "send_at")) == [(send_at, send_at)] * 2
    told = [datetime.fromisoformat(one.details["send_at"]) for one in Event.objects.all()]
    assert told == [send_at] * 2
    assert usage(world.account).used == 2


def test_other_mail_of_the_same_flush_leaves_at_once(world):
    now = timezone.now()
    submit([draft(world, send_at=one) for one in (None, now - timedelta(seconds=1), now + timedelta(hours=1))])
    assert sorted(Message.objects.values_list("status", flat=True)) == ["queued", "queued", "scheduled"]
    assert QueueEntry.objects.filter(send_at=None, due_at__lte=timezone.now()).count() == 2
    assert Event.objects.filter(details={}).count() == Message.objects.filter(send_at=None).count() == 2


@pytest.mark.parametrize("lines", [1, 1000])
def test_its_content_lasts_the_days_of_the_log_after_it_has_left(lines, world):
    text = message(body="\r\n".join(secrets.token_hex(400) for _ in range(lines)) + "\r\n")
    send_at = timezone.now() + timedelta(days=20)
    submit([draft(world, send_at=send_at, message=text)])
    expected = send_at + timedelta(days=FREE.log_days)
    assert abs(Content.objects.get().expires_at - expected) < timedelta(seconds=1)


def test_there_are_partitions_for_the_furthest_time_and_the_longest_retention_after_it(db):
    now = timezone.now()
    make_partitions(now)
    furthest = now + LONGEST_AHEAD + timedelta(days=30)
    Content.objects.create(id=new_content_id(furthest), data=b"")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM sending_content")
        assert cursor.fetchone()[0] == f"sending_content_{furthest:%G_w%V}"


def test_what_the_client_wants_tracked_is_kept(world):
    wishes = [Tracking(), Tracking(opens=True, clicks=False), Tracking(clicks=True)]
    submit([draft(world, tracking=one) for one in wishes])
    kept = Submission.objects.order_by("id").values_list("track_opens", "track_clicks")
    assert list(kept) == [(None, None), (True, False), (None, True)]
