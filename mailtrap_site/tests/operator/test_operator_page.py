"""The operator's page and `manage.py doctor`: nobody is asked before the button is pressed, and a failure is told."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse
from django.utils.html import escape

from accounts.models import AuditEntry
from mailtrap_site.operator import checks
from mailtrap_site.operator.finding import Finding, Report, Section, State
from mailtrap_site.testing.fake_dns import StoredZones, resolving

REPORT = Report(
    datetime(2026, 11, 29, 10, tzinfo=UTC),
    [
        Section(
            "Names of the sending addresses",
            [
                Finding("Reverse DNS of 8.8.4.4", State.FINE, "8.8.4.4 is named out1.platform.test."),
                Finding("Greeting of 8.8.4.4", State.WARNING, "It calls itself otherwise.", "Let both be one name."),
            ],
        ),
        Section(
            "Blocklists",
            [
                Finding("8.8.4.4 on bl.test", State.FAILURE, "8.8.4.4 is listed (127.0.0.2).", "Find the cause."),
                Finding("8.8.4.4 on dead.test", State.UNKNOWN, "dead.test did not answer.", "Ask again later."),
                Finding("Port 25 outwards", State.SKIPPED, "PORT25_TARGET names no server to knock at."),
            ],
        ),
    ],
)


@pytest.fixture(autouse=True)
def _nobody_asked():
    cache.clear()


@pytest.fixture
def desk(client, world):
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()
    client.force_login(world.alice)
    return client


@pytest.mark.django_db
def test_opening_the_page_asks_nobody(desk, monkeypatch):
    monkeypatch.setattr(checks, "run", lambda: pytest.fail("it asked"))
    page = desk.get(reverse("admin:operator"))
    assert page.status_code == 200
    assert "Not checked yet." in page.content.decode()


@pytest.mark.django_db
def test_the_button_asks_and_the_page_then_shows_what_was_found(desk):
    with resolving(StoredZones({})):
        answer = desk.post(reverse("admin:operator"), follow=True)
    assert answer.redirect_chain == [(reverse("admin:operator"), 302)]
    report = checks.last()
    page = answer.content.decode()
    for section in report.sections:
        for one in section.findings:
            assert escape(one.subject) in page
    assert AuditEntry.objects.get(action="operator.checked").actor_name == "alice@acme.test"


@pytest.mark.django_db
def test_staff_without_the_right_and_strangers_are_refused(client, world, monkeypatch):
    monkeypatch.setattr(checks, "run", lambda: pytest.fail("it asked"))
    assert client.get(reverse("admin:operator")).status_code == 302
    world.bob.is_staff = True
    world.bob.save()
    client.force_login(world.bob)
    assert client.get(reverse("admin:operator")).status_code == 403
    assert client.post(reverse("admin:operator")).status_code == 403


@pytest.mark.django_db
def test_a_report_of_another_version_is_none():
    cache.set(checks._KEPT, b'{"asked_at": 1}', None)
    assert checks.last() is None


@pytest.mark.django_db
def test_the_command_writes_everything_and_ends_with_one_where_something_is_to_be_mended(monkeypatch):
    monkeypatch.setattr(checks, "run", lambda: REPORT)
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=said)
    assert ended.value.code == 1
    lines = said.getvalue().splitlines()
    assert "  MEND       8.8.4.4 on bl.test: 8.8.4.4 is listed (127.0.0.2)." in lines
    assert "             Find the cause." in lines
    assert lines[-1] == "1 fine, 1 WATCH, 1 MEND, 1 not known, 1 not asked"


@pytest.mark.django_db
def test_the_command_ends_in_peace_where_nothing_has_failed(monkeypatch):
    monkeypatch.setattr(checks, "run", lambda: Report(REPORT.asked_at, REPORT.sections[:1]))
    call_command("doctor", stdout=StringIO())
