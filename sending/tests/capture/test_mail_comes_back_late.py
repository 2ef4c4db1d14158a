"""`late-bounce@simulator.test` takes a mail and sends it back: a real report through our own mx becomes a bounce."""

import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes

import pytest

from domains.models import SendingDomain
from mailtrap_site.testing.world import make_world
from sending.capture import late_bounce
from sending.delivery.drain import Engine
from sending.delivery.sign import forget_keys
from sending.models import CapturedMail, Event, Message
from sending.replies.reports import Kind, read_report
from sending.tests.mailbox import mx_running
from sending.tests.queued import queue_message


@pytest.fixture
def domain(transactional_db: None) -> SendingDomain:
    forget_keys()
    return make_world().domain


@pytest.fixture
def engine(domain: SendingDomain) -> Iterator[Engine]:
    made = Engine(lease=timedelta(seconds=30))
    yield made
    made.close()


def test_the_report_arrives_and_the_delivered_message_bounces(
    engine: Engine, domain: SendingDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_bounce, "DELAY", 1.0)
    with mx_running():
        [message_id] = queue_message(domain, "late-bounce+7@simulator.test")
        engine.drain(10)
        deadline = time.monotonic() + 10
        while Message.objects.get(pk=message_id).status != "bounced" and time.monotonic() < deadline:
            time.sleep(0.05)
    assert Message.objects.get(pk=message_id).status == "bounced"
    told = list(Event.objects.filter(message_id=message_id).order_by("pk").values_list("type", flat=True))
    assert told[-2:] == ["delivery", "bounce"], "delivered first, then sent back"
    details = Event.objects.get(message_id=message_id, type="bounce").details
    assert (details["reported_by"], details["bounce_category"]) == (late_bounce.SERVER, "badrecipient")
    assert CapturedMail.objects.get().recipient == "late-bounce+7@simulator.test", (
        "the report itself is no captured mail"
    )


def test_the_report_is_one_that_others_would_send() -> None:
    mail = late_bounce.report("b-abc@mt.example.test", "late-bounce@simulator.test")
    report = read_report(mail)
    assert (report.kind, report.reporting_mta) == (Kind.FAILED, late_bounce.SERVER)
    assert report.reply is not None
    assert (report.reply.code, report.reply.enhanced) == (550, "5.1.1")
    read = message_from_bytes(mail)
    assert read.get_content_type() == "multipart/report"
    assert read.get_param("report-type") == "delivery-status"
    assert b"\n" not in mail.replace(b"\r\n", b""), "lines end in CRLF"
