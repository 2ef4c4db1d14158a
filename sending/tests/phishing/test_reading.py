"""Mail of new accounts, and a sample of other mail, is read once; what is found waits, and several suspend a stream."""

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Account, AuditEntry
from billing import overrides
from billing.models import QuotaOverride
from mailtrap_site.celery import app
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending import followers
from sending.alerts import link_suspensions, streams
from sending.models import (
    Content,
    Event,
    EventBatch,
    LinkReading,
    Message,
    QueuePause,
    StreamSetting,
    StreamSuspension,
    SuspiciousLinks,
)
from sending.phishing import reading, store
from sending.phishing.reading import Budget, tend
from sending.privacy import deletion, erased_emails
from sending.queue import control
from sending.tasks import read_links

pytestmark = pytest.mark.django_db
EARLIER = timedelta(minutes=5)
State = SuspiciousLinks.State


@pytest.fixture
def new_account(world: World) -> Account:
    reason = "A new account sends little at first."
    overrides.grant(world.account, QuotaOverride.Term.EMAILS_PER_HOUR, 150, reason, None, timezone.now(), rule="new")
    return world.account


def sent(world: World, host: str, recipient: str = "rita@far.test", **fields: Any) -> Message:
    source = f'Content-Type: text/html\r\n\r\n<a href="https://{host}/?to={recipient}">Log in</a>'.encode()
    return make_message(world.domain, recipient, source=source, **{"at": timezone.now() - EARLIER} | fields)


def run(now: datetime | None = None) -> bool:
    return tend(now or timezone.now(), time.monotonic() + 20)


def test_a_new_account_is_read_whole_and_each_mail_once(world: World, new_account: Account) -> None:
    first = sent(world, "paypal-secure.com", "ada@far.test")
    sent(world, "shop.example.test")
    last = sent(world, "paypal-secure.com")
    read_links()
    assert not run()
    row = SuspiciousLinks.objects.get()
    assert (row.account, row.domain_id, row.stream) == (world.account, world.domain.pk, "transactional")
    assert (row.mails, row.score, row.state, row.message_id) == (2, 60, State.OPEN, last.pk)
    assert "far.test" not in repr(row.findings)
    assert LinkReading.objects.get().position == last.pk > first.pk


def test_of_others_a_sample_is_read_and_what_is_too_fresh_waits(world: World, new_account: Account) -> None:
    sampled = [uuid.uuid4() for _ in range(2_000)]
    assert 10 < sum(reading.is_read(one, is_new=False) for one in sampled) < 100
    QuotaOverride.objects.all().delete()
    for number in range(3):
        sent(world, f"paypal-secure{number}.com")
    Message.objects.update(submission_id=uuid.UUID(int=1))
    assert not run()
    fresh = sent(world, "paypal-secure.com", at=timezone.now())
    run()
    assert not SuspiciousLinks.objects.exists()
    assert LinkReading.objects.get().position < fresh.pk


def test_a_run_reads_no_more_than_it_may_and_the_next_goes_on(world: World, new_account: Account) -> None:
    ids = [sent(world, host).pk for host in ("paypal-secure.com", "paypal-login.com", "paypal-verify.com")]
    messages = list(Message.objects.filter(pk__in=ids).order_by("pk"))
    assert reading.read(messages, {world.account.pk}, timezone.now(), Budget(time.monotonic() + 9, mails=2)) == ids[2]
    assert SuspiciousLinks.objects.count() == 2
    assert reading.read(messages, {world.account.pk}, timezone.now(), Budget(time.monotonic() - 1)) == ids[0]
    assert app.conf.beat_schedule["read links"]["task"] == "sending.read_links"


def test_several_different_mails_suspend_the_stream_until_staff_release_it(
    world: World, new_account: Account, django_capture_on_commit_callbacks: Any
) -> None:
    for host in ("paypal-secure.com", "paypal-secure.com", "paypal-secure.com", "paypal-login.com", "bit.ly"):
        sent(world, host)
    run()
    assert not QueuePause.objects.exists()
    sent(world, "paypa1.com")
    with django_capture_on_commit_callbacks(execute=True):
        run()
    pause = QueuePause.objects.get()
    assert (pause.domain_id, pause.stream) == (world.domain.pk, "transactional")
    assert "5 emails" in pause.reason
    text = " ".join(str(mail.outbox[0].body).split())
    assert "“paypal” stands beside “secure” in paypal-secure.com, which is no site of theirs." in text
    assert "replace the account’s API tokens" in text
    assert AuditEntry.objects.get(action="stream.suspended").account == world.account
    now = timezone.now()
    streams.judge(now + timedelta(days=2))
    assert StreamSuspension.objects.get().ended_at is None
    control.resume(pause.pk)
    assert streams.judge(now + timedelta(minutes=1)) == 1
    sent(world, "paypal-billing.com")
    run(now + timedelta(minutes=2))
    assert StreamSuspension.objects.get().ended_by == StreamSuspension.End.BY_STAFF


def test_the_same_deceit_in_many_mails_suspends_too(world: World, new_account: Account) -> None:
    for number in range(link_suspensions.MANY - 1):
        sent(world, "paypal-secure.com", f"r{number}@far.test")
    run()
    assert not QueuePause.objects.exists()
    sent(world, "paypal-secure.com")
    run()
    assert "20 emails" in QueuePause.objects.get().reason
    assert SuspiciousLinks.objects.count() == 1


def test_an_old_account_and_what_was_dismissed_suspend_nothing(world: World, new_account: Account) -> None:
    hosts = ("paypal-secure.com", "paypal-login.com", "paypal-verify.com")
    for host in hosts[:2]:
        sent(world, host)
    run()
    for row in SuspiciousLinks.objects.all():
        assert store.decide(row, State.DISMISSED, "Known", world.charlie)
        assert not store.decide(row, State.CONFIRMED, "Known", world.charlie)
    for host in hosts:
        sent(world, host)
    run()
    assert not QueuePause.objects.exists()
    assert SuspiciousLinks.objects.filter(state=State.DISMISSED).count() == 2
    SuspiciousLinks.objects.all().delete()
    messages = [sent(world, host) for host in hosts]
    reading.read(messages, set(), timezone.now(), Budget(time.monotonic() + 9))
    assert SuspiciousLinks.objects.count() == 3
    assert not QueuePause.objects.exists()


def test_bodies_that_go_at_once_are_read_before(world: World, new_account: Account) -> None:
    StreamSetting.objects.create(account=world.account, stream="transactional", body_days=0)
    message = sent(world, "paypal-secure.com", at=timezone.now())
    EventBatch.objects.create(
        account=world.account, event_ids=list(Event.objects.filter(message=message).values_list("pk", flat=True))
    )
    followers.follow(time.monotonic() + 9)
    assert not Content.objects.exists()
    assert SuspiciousLinks.objects.get().message_id == message.pk


def test_hostile_and_missing_bodies_stop_nothing(world: World, new_account: Account) -> None:
    gone = sent(world, "paypal-secure.com")
    Content.objects.all().delete()
    make_message(world.domain, source=b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a" * 99, at=gone.sent_at)
    sent(world, "a%00b.com@paypal\0-login.com")
    sent(world, "paypal-login.com")
    assert not run()
    assert SuspiciousLinks.objects.count() == 2


def test_findings_go_with_the_log_the_recipient_and_the_account(world: World, new_account: Account) -> None:
    row = store.keep(sent(world, "paypal-secure.com"), found_in("paypal-secure.com"), timezone.now())
    assert store.forget(timezone.now()) == 0
    assert store.forget(timezone.now() + timedelta(days=40)) == 1
    message = sent(world, "paypal-login.com", "ada@far.test")
    store.keep(message, found_in("paypal-login.com"), timezone.now())
    erased_emails._erase([message])
    assert not SuspiciousLinks.objects.exists()
    store.keep(sent(world, "paypal-secure.com"), found_in("paypal-secure.com"), timezone.now())
    Account.objects.filter(pk=world.account.pk).update(closes_at=timezone.now() - timedelta(days=1))
    assert not deletion.work_off(timezone.now(), time.monotonic() + 20)
    assert not SuspiciousLinks.objects.filter(fingerprint=row.fingerprint).exists()
    assert not Account.objects.filter(pk=world.account.pk).exists()


def found_in(host: str) -> Any:
    source = f'Content-Type: text/html\r\n\r\n<a href="https://{host}/">Log in</a>'.encode()
    return reading.look_at(source, "example.test")
