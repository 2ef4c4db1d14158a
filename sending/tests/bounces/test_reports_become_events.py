"""A report at a signed return path becomes one event of its message; a forged one, and one that comes twice, do not."""

import smtplib
import uuid

import pytest
from django.conf import settings
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending import followers
from sending.events.record import News, record_news
from sending.models import Event, Message, MessageStatus, Suppression
from sending.protocol import return_path
from sending.tests.mailbox import mx_running
from sending.tests.queued import queue_message
from sending.tests.replies.test_reports_are_read import COPY, FAILED, WORDS, report, status

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = "Diagnostic-Code: smtp; 550 5.1.1 User unknown"


@pytest.fixture
def message_id():
    domain = make_world().domain
    [message_id] = queue_message(domain, "rita@far.test")
    record_news([News(message_id, domain.account_id, Event.Type.DELIVERY, timezone.now(), {})])
    return message_id


def report_to(message_id, *mails, key=None):
    path = f"{return_path.encode(message_id, key or settings.RETURN_PATH_KEY)}@mt1.example.test"
    with mx_running("mx") as address, smtplib.SMTP(*address, timeout=5) as client:
        for mail in mails:
            client.sendmail("", [path], mail)
    followers.follow(float("inf"))


def test_a_failure_reported_after_the_delivery_is_a_bounce(message_id):
    report_to(message_id, report(WORDS, status(*FAILED, "Status: 5.1.1", UNKNOWN), COPY))
    message = Message.objects.get(pk=message_id)
    assert message.status == MessageStatus.BOUNCED
    details = Event.objects.get(message_id=message_id, type=Event.Type.BOUNCE).details
    assert details["bounce_category"] == "badrecipient"
    assert details["email_service_provider_response"] == "User unknown"
    assert details["reported_by"] == "mx.far.test"
    assert Suppression.objects.get().email == "rita@far.test"


def test_a_report_that_comes_twice_counts_once(message_id):
    report_to(message_id, *[report(WORDS, status(*FAILED, UNKNOWN))] * 2)
    assert Event.objects.filter(message_id=message_id, type=Event.Type.BOUNCE).count() == 1


def test_a_relay_that_gave_up_after_trying_is_a_bounce_in_the_words_of_its_last_try(message_id):
    said = "Diagnostic-Code: smtp; 452 4.2.2 Mailbox full"
    report_to(message_id, report(WORDS, status(*FAILED, "Status: 4.2.2", said)))
    details = Event.objects.get(message_id=message_id, type=Event.Type.BOUNCE).details
    assert (details["bounce_category"], details["response_code"]) == ("overquota", 552)


def test_a_complaint_opts_out_and_suppresses(message_id):
    part = "message/feedback-report", "Feedback-Type: abuse\r\nVersion: 1\r\n"
    report_to(message_id, report(WORDS, part, COPY, kind="feedback-report"))
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.opted_out_at is not None) == (MessageStatus.DELIVERED, True)
    assert Event.objects.get(message_id=message_id, type=Event.Type.SPAM).details["spam_feedback_type"] == "abuse"
    assert Suppression.objects.get().type == "spam complaint"


def test_news_of_a_delay_changes_nothing(message_id):
    delayed = status("Final-Recipient: rfc822; rita@far.test", "Action: delayed", "Status: 4.4.1")
    report_to(message_id, report(WORDS, delayed))
    assert Message.objects.get(pk=message_id).status == MessageStatus.DELIVERED
    assert not Suppression.objects.exists()


def test_a_forged_return_path_is_refused(message_id):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        report_to(message_id, report(WORDS, status(*FAILED, UNKNOWN)), key=b"guessed")
    assert Message.objects.get(pk=message_id).status == MessageStatus.DELIVERED


def test_a_report_about_a_message_that_is_gone_is_taken_and_forgotten():
    report_to(uuid.uuid4(), report(WORDS, status(*FAILED, UNKNOWN)))
    assert not Event.objects.exists()
