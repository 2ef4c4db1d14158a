"""The mx takes what is addressed to it, and nothing else; only the development route captures the rest."""

import smtplib
import uuid

import pytest
from django.conf import settings

from mailtrap_site.testing.smtp_tables import RELAY_RECIPIENTS, RELAY_SENDERS
from sending.bounces.recipients import Row
from sending.bounces.session import Intake
from sending.listener import Limits, Port
from sending.management.commands.mx import MAX_SIZE
from sending.models import CapturedMail, IncomingReport
from sending.protocol import return_path
from sending.protocol.smtp_server_events import ServerConfig
from sending.tests.listening import listening
from sending.tests.mailbox import mx_running

pytestmark = pytest.mark.django_db(transaction=True)

SIGNED = f"{return_path.encode(uuid.UUID(int=7 << 76), b'other key')}@x.example.test"


def signed_path():
    return f"{return_path.encode(uuid.uuid4(), settings.RETURN_PATH_KEY)}@mt1.example.test"


def answer_to(address, recipient, sender="somebody@far.test"):
    host, port = address
    with smtplib.SMTP(host, port, timeout=5) as client:
        client.ehlo("far.test")
        client.mail(sender)
        code, text = client.rcpt(recipient)
    return f"{code} {text.decode()}"


@pytest.mark.parametrize("recipient", [*RELAY_RECIPIENTS, SIGNED])
@pytest.mark.parametrize("sender", RELAY_SENDERS)
def test_others_are_unknown_whoever_asks(recipient, sender):
    with mx_running("mx") as address:
        assert answer_to(address, recipient, sender) == "550 5.1.1 No such user here"


def test_return_paths_postmaster_and_abuse_are_known():
    with mx_running("mx") as address:
        for recipient in (
            signed_path(),
            signed_path().upper(),
            "postmaster",
            "Postmaster@platform.test",
            "abuse@PLATFORM.test",
        ):
            assert answer_to(address, recipient).startswith("250 "), recipient


def test_mail_to_abuse_is_kept_and_a_report_is_taken():
    with mx_running("mx") as address, smtplib.SMTP(*address, timeout=5) as client:
        client.sendmail("", ["abuse@platform.test", signed_path()], b"Subject: Complaint\r\n\r\nStop it.\r\n")
    report = IncomingReport.objects.get()
    assert (report.mailbox, report.subject, report.text.strip()) == ("abuse", "Complaint", "Stop it.")
    assert not CapturedMail.objects.exists()


def test_the_development_route_captures_each_recipient():
    with mx_running("development") as address, smtplib.SMTP(*address, timeout=5) as client:
        content = b"From: =?utf-8?q?J=C3=BCrgen?= <j@far.test>\r\nSubject: Hi\r\n\r\n.dot\r\n"
        client.sendmail("j@far.test", ["rita@recipient.test", "rob@recipient.test"], content)
    mails = CapturedMail.objects.order_by("pk")
    assert [mail.recipient for mail in mails] == ["rita@recipient.test", "rob@recipient.test"]
    assert {mail.message for mail in mails} == {content}
    assert {(mail.subject, mail.from_header, mail.mail_from) for mail in mails} == {
        ("Hi", "Jürgen <j@far.test>", "j@far.test")
    }


def test_what_cannot_be_stored_is_deferred():
    def fail(mail, recipient):
        raise RuntimeError("disk full")

    intake = Intake([Row("broken", lambda recipient: True, fail)])
    with (
        listening([Port("127.0.0.1", 0, ServerConfig("mx.test"), intake.handler)]) as listener,
        smtplib.SMTP(*listener.addresses[0], timeout=5) as client,
        pytest.raises(smtplib.SMTPDataError) as caught,
    ):
        client.sendmail("a@far.test", ["rita@recipient.test"], b"Subject: x\r\n\r\nx\r\n")
    intake.close()
    assert caught.value.smtp_code == 451


def test_the_memory_of_the_mx_holds_its_largest_mail_and_is_bounded() -> None:
    assert MAX_SIZE < Limits.of(settings.ENVIRONMENT).memory_octets <= 512 * 1024 * 1024
