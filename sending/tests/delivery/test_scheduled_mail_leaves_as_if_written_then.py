"""What was scheduled, moved or sent now carries the time at which it left; its age counts from then."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime

from django.utils import timezone

from mailtrap_site.testing.fake_mx import FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from sending.delivery import drain
from sending.delivery.source import source_of
from sending.models import Attempt, Door, Message, QueueEntry, Stream
from sending.models.identifiers import time_of
from sending.models.statements import raw_cursor
from sending.queue.claim import claim, release
from sending.queue.scheduled import By, reschedule, send_now
from sending.submission.draft import Draft
from sending.submission.submit import submit
from sending.tests.drafts import message

HOUR = timedelta(hours=1)


def schedule(domain, send_at):
    """One mail, dated as the API dates what it composes."""
    text = re.sub(rb"Date: [^\r]+", b"Date: " + format_datetime(send_at).encode(), message())
    token = domain.account.tokens.get()
    one = Draft(
        account_id=domain.account_id,
        token_id=token.pk,
        stream=Stream.TRANSACTIONAL,
        door=Door.API,
        client_ip=None,
        mail_from="alice@example.test",
        recipients=(("to", "rita@far.test"),),
        message=text,
        send_at=send_at,
    )
    return submit([one])[0].submission_id


def test_sent_now_it_is_not_dated_in_the_future_and_its_source_is_what_was_sent(domain, engine, lead_to):
    submission_id = schedule(domain, timezone.now() + timedelta(days=20))
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.drain(5)
        assert server.mails == []
        assert send_now(domain.account, submission_id, By("Alice"))
        engine.drain(10)
    [mail] = server.mails
    dated = parsedate_to_datetime(message_from_bytes(mail.content)["Date"])
    assert abs(dated - timezone.now()) < timedelta(seconds=20)
    assert source_of(Message.objects.get()) == mail.content
    assert Attempt.objects.get().content_sha256


def test_moved_it_is_dated_by_its_new_time(domain):
    submission_id, send_at = schedule(domain, timezone.now() + HOUR), timezone.now() + timedelta(days=3)
    assert reschedule(domain.account, submission_id, send_at, By("Alice"))
    dated = parsedate_to_datetime(message_from_bytes(source_of(Message.objects.get()))["Date"])
    assert dated == send_at.replace(microsecond=0)


def test_its_age_counts_from_its_time(domain):
    send_at = timezone.now() + timedelta(days=3)
    schedule(domain, send_at)
    [claimed] = claim(raw_cursor(), now=send_at)
    assert claimed.leaves_since == claimed.send_at == send_at
    release(raw_cursor(), [claimed])
    QueueEntry.objects.update(send_at=None)
    Message.objects.update(send_at=None)
    [plain] = claim(raw_cursor(), now=send_at)
    assert plain.leaves_since == time_of(plain.message_id)


def test_it_leaves_by_itself_when_its_time_has_come(domain, engine, lead_to, monkeypatch):
    monkeypatch.setattr(drain, "LOOK_BY_ITSELF", 0.2)
    schedule(domain, timezone.now() + timedelta(seconds=2))
    with receiving(FakeMx()) as server:
        lead_to(server)
        engine.look_by_itself(5)
        wait_for(lambda: Message.objects.filter(status="delivered").exists(), "its delivery", 15)
    sent = Message.objects.get()
    assert len(server.mails) == 1
    assert timedelta(0) <= sent.finished_at - sent.send_at < timedelta(seconds=5)
