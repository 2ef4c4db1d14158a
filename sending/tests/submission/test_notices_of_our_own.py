"""Django's mail API goes through our own pipeline."""

import dataclasses
from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import transaction
from structlog.testing import capture_logs

from mailtrap_site.testing.world import make_domain, make_platform
from sending.listener import Port
from sending.models import Content, Door, Message, Submission
from sending.protocol.smtp_server_events import MessageReceived, ServerConfig, ServerTls
from sending.submission.django_backend import NoticeNotSent, PlatformBackend
from sending.tests.listening import listening

BACKEND = "sending.submission.django_backend.PlatformBackend"


@pytest.fixture(autouse=True)
def _our_backend(settings):
    settings.EMAIL_BACKEND = BACKEND


@pytest.mark.django_db(transaction=True)
def test_a_notice_is_a_submission_of_the_platform():
    platform = make_platform()
    mail = EmailMultiAlternatives(
        "Grüße", "Text", None, ["Rita <rita@far.test>"], cc=["c@far.test"], bcc=["b@far.test"]
    )
    mail.attach_alternative("<p>Text</p>", "text/html")
    assert mail.send() == 1
    submission = Submission.objects.get()
    assert (submission.account_id, submission.door, submission.token_id) == (platform.pk, Door.INTERNAL, None)
    kinds = list(Message.objects.order_by("id").values_list("kind", "recipient"))
    assert kinds == [("to", "rita@far.test"), ("cc", "c@far.test"), ("bcc", "b@far.test")]
    content = Content.objects.get().message
    parsed = message_from_bytes(content, policy=policy.default)
    assert parsed["Subject"] == submission.subject == "Grüße"
    assert parsed.get_body(("html",)).get_content().strip() == "<p>Text</p>"
    assert b"b@far.test" not in content
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.django_db(transaction=True)
def test_a_notice_waits_for_the_commit_and_is_not_sent_without_it():
    make_platform()
    with transaction.atomic():
        send_mail("Subject", "Text", None, ["rita@far.test"])
        assert Submission.objects.count() == 0
    assert Submission.objects.count() == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send_mail("Subject", "Text", None, ["rita@far.test"])
        raise ZeroDivisionError
    assert Submission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_nobody_takes_is_an_error_and_never_silent():
    with pytest.raises(NoticeNotSent, match="no platform account"):
        send_mail("Subject", "Text", None, ["rita@far.test"])
    platform = make_platform()
    platform.domains.all().delete()
    make_domain(platform, settings.PLATFORM_DOMAIN, verified=False)
    with pytest.raises(NoticeNotSent, match="domain_not_verified"):
        send_mail("Subject", "Text", None, ["rita@far.test"])
    assert PlatformBackend(fail_silently=True).send_messages([]) == 0
    with capture_logs() as logged:
        send_mail("Subject", "Text", None, ["rita@far.test"], fail_silently=True)
    assert "notice_lost" in [line["event"] for line in logged]


class Taker:
    """Accepts everything and keeps the content."""

    contents: list[bytes] = []

    def __init__(self, connection):
        pass

    def decide(self, question):
        if isinstance(question, MessageReceived):
            Taker.contents.append(question.content)

    def closed(self):
        pass


@pytest.mark.django_db(transaction=True)
def test_the_fallback_carries_a_notice_until_the_platform_can(settings):
    port = Port("127.0.0.1", 0, ServerConfig("fallback.test", tls=ServerTls.NONE), Taker)
    with listening([port]) as listener:
        url = "smtp://{}:{}".format(*listener.addresses[0])
        settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, fallback_email_url=url)
        send_mail("Over the fallback", "Text", None, ["rita@far.test"])
    assert [b"Subject: Over the fallback" in content for content in Taker.contents] == [True]
