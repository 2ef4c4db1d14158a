"""On Mondays each domain with mail gets one letter about its week; others, and those who want none, get none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.tests.letters import html_of
from domains.models import SendingDomain
from mailtrap_site.testing.world import World, make_domain
from sending.alerts.weekly import write_due
from sending.models import WeeklySummary
from sending.tests.stats.counting import happen

MONDAY = datetime(2026, 11, 16, 6, 5, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 12, 15, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def written(capture: Any, now: datetime) -> int:
    mail.outbox.clear()
    with capture(execute=True):
        return write_due(now)


def test_the_letter_has_the_figures_of_both_weeks_and_what_to_look_at(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(alert_recipient="ops@shop.test")
    happen(world.domain, THURSDAY, provider="Google", delivered=96, opened=48, clicked=12, unsubscribed=2)
    happen(world.domain, THURSDAY, provider="Yahoo", delivered=54, bounced=6)
    happen(world.domain, THURSDAY - timedelta(weeks=1), delivered=40)
    assert written(django_capture_on_commit_callbacks, MONDAY) == 1
    [letter] = mail.outbox
    text = " ".join(str(letter.body).replace("\N{NO-BREAK SPACE}", " ").split())
    assert letter.to == ["ops@shop.test"]
    assert letter.subject.replace("\N{NO-BREAK SPACE}", " ") == "example.test last week: 96.2 % delivered"
    assert "From Monday, 9 November, to Sunday, 15 November, 150 emails of example.test were delivered." in text
    assert "Look at Yahoo: 10 % bounced there." in text
    assert "Delivered: 150; the week before 40" in text
    assert "Opened: 32 %; the week before 0 %" in text
    assert "since=2026-11-09&until=2026-11-15" in text
    assert "Look at Yahoo" in html_of(letter)


def test_it_is_written_once_on_mondays_and_only_about_mail(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    idle, unwanted = make_domain(world.account, "idle.test"), make_domain(world.account, "unwanted.test")
    SendingDomain.objects.filter(pk=unwanted.pk).update(health_alerts_enabled=False)
    for domain in (world.domain, unwanted):
        happen(domain, THURSDAY, delivered=10)
    happen(idle, MONDAY, delivered=1)
    for other in (THURSDAY, MONDAY - timedelta(hours=1), MONDAY + timedelta(days=1)):
        assert written(django_capture_on_commit_callbacks, other) == 0
    assert written(django_capture_on_commit_callbacks, MONDAY) == 1
    assert {letter.to[0] for letter in mail.outbox} >= {"alice@acme.test"}
    assert "All is healthy; there is nothing for you to do." in str(mail.outbox[0].body)
    assert written(django_capture_on_commit_callbacks, MONDAY + timedelta(hours=3)) == 0
    assert mail.outbox == []
    assert WeeklySummary.objects.get().domain_id == world.domain.pk
