"""kill -9 of a worker that holds leases: the mail still leaves once they have run out (promises 2 and 4)."""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.fake_mx import HANG, FakeMx, receiving
from sending.models import Attempt, Message, QueueEntry
from sending.queue.sweep import sweep
from sending.tests.queued import queue_message

WORKER = """
import django; django.setup()
from datetime import timedelta
from sending.delivery.drain import Engine
Engine(lease=timedelta(seconds=1)).drain(60)
"""


def worker(mx):
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "MX_HOST": mx.host,
        "MX_PORT": str(mx.port),
        "DJANGO_SETTINGS_MODULE": "mailtrap_site.settings",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=BASE_DIR)


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def hang_first(step):
    usual = {"MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 Go on", "DOT": "250 OK"}
    return {step: lambda server, line: HANG if server.seen[step] == 1 else usual[step]}


@pytest.mark.xdist_group("programs")
@pytest.mark.parametrize(("step", "is_uncertain"), [("MAIL", False), ("DATA", False), ("DOT", True)])
def test_the_mail_leaves_after_the_lease(domain, engine, lead_to, step, is_uncertain):
    with receiving(FakeMx(hang_first(step))) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        killed = worker(mx)
        try:
            wait_until(lambda: mx.seen[step])
            # Alive it keeps its lease: nobody else may touch the message.
            time.sleep(0.1)
            assert engine.drain(1).claimed == 0
        finally:
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
        assert not mx.mails
        wait_until(lambda: sweep(timezone.now()).due)
        engine.drain(10)
    assert len(mx.mails) == 1
    message = Message.objects.get(pk=message_id)
    assert message.status == "delivered"
    assert not QueueEntry.objects.exists()
    outcomes = list(Attempt.objects.order_by("number").values_list("outcome", flat=True))
    assert outcomes == (["uncertain"] if is_uncertain else []) + ["delivered"]
