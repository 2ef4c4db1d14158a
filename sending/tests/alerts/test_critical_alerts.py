"""A domain whose mail turns critical is told once, to whom it names; and again only after it was healthy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import Notification
from domains.models import SendingDomain
from mailtrap_site.celery import app
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.alerts.critical import judge
from sending.alerts.rules import RULES, State
from sending.models import DomainAlert, HourlyCount
from sending.tests.stats.counting import happen

NOW = datetime.now(UTC).replace(minute=30)


@pytest.mark.parametrize(
    ("kind", "part", "whole", "state"),
    [
        ("bounces", 1, 3, State.BETWEEN),
        ("bounces", 9, 100, State.BETWEEN),
        ("bounces", 10, 99, State.BETWEEN),
        ("bounces", 10, 100, State.CRITICAL),
        ("bounces", 50, 1000, State.BETWEEN),
        ("bounces", 51, 1000, State.CRITICAL),
        ("bounces", 19, 1000, State.HEALTHY),
        ("bounces", 0, 0, State.HEALTHY),
        ("spam", 2, 100, State.BETWEEN),
        ("spam", 3, 100, State.CRITICAL),
        ("spam", 3, 3000, State.BETWEEN),
        ("spam", 4, 3000, State.CRITICAL),
        ("spam", 7, 10_000, State.HEALTHY),
    ],
)
def test_few_emails_alarm_nobody_and_limits_are_the_contracts(kind: str, part: int, whole: int, state: State) -> None:
    assert RULES[kind].state(part, whole) is state


@pytest.mark.django_db
def test_a_turn_is_told_once_with_its_evidence(world: World, django_capture_on_commit_callbacks: Any) -> None:
    happen(world.domain, NOW - timedelta(hours=2), provider="Google", delivered=88, bounced=12)
    for _ in range(3):
        make_message(world.domain, "nobody@far.test", status="bounced", at=NOW - timedelta(hours=2), provider="Google")
    with django_capture_on_commit_callbacks(execute=True):
        assert judge(NOW) == 1
        assert judge(NOW + timedelta(minutes=1)) == 0
    readers = set(Notification.objects.values_list("user__email", flat=True))
    assert readers == {letter.to[0] for letter in mail.outbox}
    assert "vera@acme.test" not in readers
    [told] = {(one.kind, one.level, one.title) for one in Notification.objects.all()}
    assert told == ("domain.mail_critical", "critical", "Much of the mail of example.test bounces")
    letter = mail.outbox[0]
    text = " ".join(str(letter.body).replace("\N{NO-BREAK SPACE}", " ").split())
    assert "12 % of the mail of the last 24 hours bounced: 12 of 100." in text
    assert "3 at Google: 550 5.1.1 The email account that you tried to reach does not exist." in text
    assert "the mailbox does not exist" in text
    assert f"/a/{world.account.pk}/statistics/?domain={world.domain.pk}&range=24h" in Notification.objects.all()[0].path
    assert "Choose the letters about this domain: http://localhost:8020/l/" in text


@pytest.mark.django_db
def test_letters_go_to_the_address_that_the_domain_names(world: World, django_capture_on_commit_callbacks: Any) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(alert_recipient="ops@shop.test")
    happen(world.domain, NOW, provider="Yahoo", category="News", delivered=1000, spam=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert judge(NOW) == 1
    [letter] = mail.outbox
    text = " ".join(str(letter.body).replace("\N{NO-BREAK SPACE}", " ").split())
    assert letter.to == ["ops@shop.test"]
    assert "0.3 % of what was delivered in the last 24 hours was marked as spam: 3 of 1,000." in text
    assert "3 of 1,000 delivered to Yahoo" in text
    assert f"http://localhost:8020/a/{world.account.pk}/statistics/" in text
    assert "letters about the domain example.test go to this address" in text
    assert Notification.objects.exists()


@pytest.mark.django_db
def test_whoever_wants_none_and_whoever_was_deleted_is_told_nothing(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(critical_alerts_enabled=False)
    SendingDomain.objects.filter(pk=world.stranger_domain.pk).update(deleted_at=NOW)
    for domain in (world.domain, world.stranger_domain):
        happen(domain, NOW, delivered=50, bounced=50)
    assert judge(NOW) == 0
    assert not DomainAlert.objects.exists()
    SendingDomain.objects.filter(pk=world.domain.pk).update(critical_alerts_enabled=True)
    assert judge(NOW) == 1


@pytest.mark.django_db
def test_it_is_told_again_only_after_the_domain_was_healthy(world: World) -> None:
    happen(world.domain, NOW, delivered=90, bounced=10)
    assert judge(NOW) == 1
    happen(world.domain, NOW, delivered=200)
    assert (judge(NOW), DomainAlert.objects.get().ended_at) == (0, None)
    happen(world.domain, NOW, bounced=20)
    assert judge(NOW) == 0
    HourlyCount.objects.all().delete()
    assert (judge(NOW), DomainAlert.objects.get().ended_at) == (0, NOW)
    happen(world.domain, NOW, delivered=90, bounced=10)
    assert judge(NOW) == 1
    assert DomainAlert.objects.count() == 2


@pytest.mark.django_db
def test_what_is_older_than_a_day_is_history(world: World) -> None:
    happen(world.domain, NOW - timedelta(hours=25), delivered=50, bounced=50)
    assert judge(NOW) == 0


def test_beat_asks_every_three_hours() -> None:
    assert app.conf.beat_schedule["judge domains"]["schedule"] == 3 * 3600
