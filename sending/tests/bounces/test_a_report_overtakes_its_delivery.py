"""A report may arrive while the result of its delivery is being written: neither waits for the other in a circle."""

import threading
import time

import pytest
from django.conf import settings
from django.db import connection, transaction

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.bounces.ingest import take_report
from sending.capture import late_bounce
from sending.listener.incoming import IncomingMail
from sending.models import Message, QueueEntry
from sending.protocol import return_path
from sending.protocol.smtp_path import Path

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_queue_entry_is_locked_before_the_message() -> None:
    message = make_message(make_world().domain, status="queued", leased=True)
    local = return_path.encode(message.pk, settings.RETURN_PATH_KEY)
    content = late_bounce.report(f"{local}@mt.example.test", "late-bounce@simulator.test")
    report = IncomingMail(Path("", ""), content, "127.0.0.1", "mx.simulator.test", None)
    problems: list[Exception] = []

    def take() -> None:
        try:
            take_report(report, Path(local, "mt.example.test"))
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    taker = threading.Thread(target=take)
    with transaction.atomic():
        # As the writer of results does: the entry, and then the message.
        QueueEntry.objects.select_for_update().get(pk=message.pk)
        taker.start()
        time.sleep(0.5)
        Message.objects.filter(pk=message.pk).update(reply="250 OK")
    taker.join(10)
    assert problems == []
    message.refresh_from_db()
    assert (message.reply, message.status) == ("250 OK", "bounced")
