"""What comes to abuse and postmaster is kept for staff: readable, bounded, and never lost."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.bounces import own_mail
from sending.listener.incoming import IncomingMail
from sending.models import IncomingReport
from sending.protocol.smtp_path import Path

HTML = (
    b"Content-Type: text/html; charset=utf-8\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n<p>Stop <b>it</b></p>\r\n"
)


def write(content: bytes, mailbox: str = "Abuse") -> IncomingReport:
    mail = IncomingMail(Path("rita", "far.test"), content, "192.0.2.9", "far.test", None)
    own_mail.take_own_mail(mail, Path(mailbox, "platform.test"))
    return IncomingReport.objects.latest("pk")


@pytest.mark.django_db
def test_whatever_strangers_write_is_kept_as_text() -> None:
    report = write(HTML)
    assert (report.mailbox, report.subject, report.reverse_path) == ("abuse", "Grüße", "rita@far.test")
    assert "Stop" in report.text
    for content in (
        b"",
        b"\0\0",
        b"Subject: a\0b\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"x" * 500_000,
    ):
        assert "\0" not in write(content).text
    assert len(write(b"Subject: x\r\n\r\n" + b"y" * 100_000).text) == own_mail.MOST_TEXT


@pytest.mark.django_db
def test_a_full_mailbox_asks_to_come_again(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(own_mail, "MOST_OPEN", 2)
    first = write(HTML)
    write(HTML)
    with pytest.raises(own_mail.MailboxFull):
        write(HTML)
    assert own_mail.done(first.pk, world.alice)
    write(HTML)


@pytest.mark.django_db
def test_what_was_done_long_ago_goes(world: World) -> None:
    first, second = write(HTML), write(HTML)
    assert own_mail.done(first.pk, world.alice, timezone.now() - timedelta(days=91))
    assert not own_mail.done(first.pk, world.alice)
    own_mail.done(second.pk, world.alice)
    assert [one.pk for one in IncomingReport.objects.all()] == [second.pk]


def test_staff_read_it_see_the_messages_that_it_names_and_mark_it_done(world: World) -> None:
    message = make_message(world.domain)
    report = write(b"Subject: Phishing\r\n\r\nSee <b>" + str(message.pk).encode() + b"\r\n")
    staff = Client()
    staff.force_login(User.objects.create_superuser("sam@platform.test"))
    page = staff.get("/admin/reports/").text
    assert f"/admin/sending/message/{message.pk}/change/" in page
    assert "&lt;b&gt;" in page
    assert "Mail to abuse and postmaster" in staff.get("/admin/").text
    assert staff.post(f"/admin/reports/{report.pk}/done/").status_code == 302
    assert "Nobody has written." in staff.get("/admin/reports/").text
    assert AuditEntry.objects.get(action="report.done").account is None
