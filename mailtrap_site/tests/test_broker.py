"""Celery's queues by broker, and their declaration before the workers start."""

import os
import subprocess
import sys

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from mailtrap_site.broker import QUEUES, celery_settings, declare_queues, has_exchanges
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof import brokers


@pytest.fixture(autouse=True)
def without_the_brokers_url_of_the_test_run(monkeypatch):
    """Celery takes it over the application's own."""
    monkeypatch.delenv("CELERY_BROKER_URL")


def application(url: str) -> Celery:
    app = Celery("queues")
    app.config_from_object(
        {name.removeprefix("CELERY_").lower(): value for name, value in celery_settings(url).items()}, force=True
    )
    return app


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://guest:guest@127.0.0.1//", True),
        ("amqps://mq.test//", True),
        ("redis://127.0.0.1/0", False),
        ("pgmq://mail@127.0.0.1/broker", False),
        ("memory://", False),
    ],
)
def test_queues_of_rabbitmq_are_quorum_queues_at_topic_exchanges(url, expected):
    assert has_exchanges(url) is expected
    for queue in celery_settings(url)["CELERY_TASK_QUEUES"]:
        assert queue.exchange.type == ("topic" if expected else "direct")
        assert queue.queue_arguments == ({"x-queue-type": "quorum"} if expected else None)


def test_queues_are_declared_once_and_again():
    app = application("memory://")
    assert declare_queues(app, seconds=1) == declare_queues(app, seconds=1) == list(QUEUES)


def test_a_broker_that_does_not_answer_is_not_waited_for_without_end():
    with pytest.raises(OperationalError):
        declare_queues(application(f"amqp://guest:guest@127.0.0.1:{free_port()}//"), seconds=2)


@pytest.mark.skipif(brokers.rabbitmq_program() is None, reason="rabbitmq-server is not installed")
@pytest.mark.xdist_group("programs")
@pytest.mark.timeout(120)
def test_on_rabbitmq_the_queues_outlive_the_broker(tmp_path):
    with brokers.rabbitmq(tmp_path) as server:
        app = application(server.url)
        assert declare_queues(app, seconds=10) == list(QUEUES)
        server.restart()
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=30, interval_start=1, interval_step=0, timeout=30)
            for name in QUEUES:
                # Raises NotFound for a queue that is not there.
                assert app.amqp.queues[name](connection.default_channel).queue_declare(passive=True).queue == name
        assert declare_queues(app, seconds=10) == list(QUEUES)


def test_the_command_says_what_it_declared():
    done = subprocess.run(
        [sys.executable, "manage.py", "declare_queues"],
        env=os.environ | {"CELERY_BROKER_URL": "memory://"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "Declared: deliveries, webhooks, upkeep (memory).\n"), done.stderr
