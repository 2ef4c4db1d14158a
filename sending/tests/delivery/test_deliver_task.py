import os
import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from sending import tasks
from sending.delivery.drain import close_engine
from sending.models import Message, QueueEntry
from sending.tests.mailbox import mx_running
from sending.tests.queued import queue_message


@pytest.fixture
def _closed_afterwards(domain):
    yield
    close_engine()


def test_the_task_delivers_what_is_due(domain, _closed_afterwards):
    queue_message(domain, "rita@recipient.test", "rob@recipient.test")
    with mx_running():
        tasks.deliver()
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}


def test_the_sweep_wakes_a_worker_only_when_something_is_due(domain, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "send_now", lambda task, *, queue: woken.append((task, queue)))
    tasks.sweep()
    queue_message(domain, "rita@recipient.test", due_at=timezone.now() + timedelta(hours=1))
    tasks.sweep()
    assert woken == []
    QueueEntry.objects.update(due_at=timezone.now())
    tasks.sweep()
    assert woken == [("sending.deliver", "deliveries")]


def test_sigterm_stops_claiming_and_is_obeyed_afterwards():
    obeyed = []
    before = signal.signal(signal.SIGTERM, lambda *_: obeyed.append("previous handler"))
    try:
        with tasks._Stop() as stop:
            assert not stop()
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop()
            assert obeyed == []
        assert obeyed == ["previous handler"]
    finally:
        signal.signal(signal.SIGTERM, before)
