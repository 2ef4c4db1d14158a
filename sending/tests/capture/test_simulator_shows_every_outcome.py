"""From the queue over real SMTP into the captured mailbox of the development route."""

import json
import subprocess
import time
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from domains import dkim
from domains.tests.dkim.test_other_verifiers import SCRIPT
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.testing.world import make_world
from sending.capture import simulator, store
from sending.delivery.drain import Engine
from sending.delivery.sign import forget_keys
from sending.delivery.source import source_of
from sending.models import Attempt, CapturedMail, Event, Message
from sending.tests.mailbox import mx_running
from sending.tests.queued import queue_message


@pytest.fixture
def domain(transactional_db):
    forget_keys()
    return make_world().domain


@pytest.fixture
def engine(domain):
    made = Engine(lease=timedelta(seconds=30))
    yield made
    made.close()


def deliver(engine, domain, *recipients):
    with mx_running():
        ids = queue_message(domain, *recipients)
        engine.drain(10)
    return [Message.objects.get(pk=one) for one in ids]


def test_bounce_defer_and_block_end_as_they_say(engine, domain):
    messages = deliver(
        engine, domain, "bounce@simulator.test", "defer@simulator.test", "block@simulator.test", "fine@simulator.test"
    )
    assert [message.status for message in messages] == ["bounced", "deferred", "bounced", "delivered"]
    assert [message.reply[:9] for message in messages] == ["550 5.1.1", "451 4.7.1", "550 5.7.1", "250 2.0.0"]
    categories = [Event.objects.get(message=message).details.get("bounce_category") for message in messages]
    assert categories == ["badrecipient", "greylisting", "serverpolicy", None]
    assert [mail.recipient for mail in CapturedMail.objects.all()] == ["fine@simulator.test"]


def test_a_complaint_follows_the_delivery(engine, domain, monkeypatch):
    monkeypatch.setattr(simulator, "COMPLAINT_DELAY", 0.05)
    [message] = deliver(engine, domain, "complain@simulator.test")
    deadline = time.monotonic() + 5
    while message.opted_out_at is None and time.monotonic() < deadline:
        time.sleep(0.05)
        message.refresh_from_db()
    assert (message.status, message.opted_out_at is not None) == ("delivered", True)
    spam = Event.objects.get(message=message, type="spam")
    assert spam.details == {"spam_feedback_type": "abuse"}


def test_what_was_captured_is_the_source_that_the_page_shows(engine, domain):
    [message] = deliver(engine, domain, "rita@recipient.test")
    copy = store.captured_copy(message)
    assert copy is not None
    assert copy.message == source_of(message)
    attempt = Attempt.objects.get(message=message)
    assert sha256(copy.message).digest() == bytes(attempt.content_sha256 or b"")


@pytest.mark.outside("mailauth")
def test_somebody_elses_verifier_passes_what_was_captured(engine, domain):
    [message] = deliver(engine, domain, "rita@recipient.test")
    copy = store.captured_copy(message)
    assert copy is not None
    key = domain.dkim_keys.order_by("selector").first()
    question = {
        "records": {f"{key.selector}._domainkey.{domain.name}": dkim.dns_txt(key.public_key)},
        "messages": [b64encode(copy.message).decode()],
    }
    done = subprocess.run(
        ["node", str(SCRIPT), str(NODE_DIR)], input=json.dumps(question), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert [answer["result"] for answer in json.loads(done.stdout)] == ["pass"]


def test_the_mailbox_keeps_the_newest(engine, domain):
    deliver(engine, domain, *(f"r{number}@recipient.test" for number in range(6)))
    newest = [mail.pk for mail in store.newest(None, limit=4)]
    assert store.trim(None, keep=4) == 2
    assert [mail.pk for mail in store.newest(None)] == newest
    assert store.trim(None, keep=4) == 0
    assert [mail.pk for mail in store.newest(None, before=newest[1])] == newest[2:]
