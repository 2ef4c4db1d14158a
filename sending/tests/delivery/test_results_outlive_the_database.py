"""A database that cuts its connections off costs no result: what a server has taken is recorded as delivered."""

from contextlib import suppress
from threading import Thread

from django.db import connection

from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.results import DATABASE_AWAY
from sending.models import Attempt
from sending.tests.queued import queue_message

cut: list[int] = []
"""How many connections each time."""


def cut_off():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        cut.append(cursor.fetchone()[0])
    connection.close()


def after_the_third(server, line):
    """Right after the third mail was taken, before its result can be written."""
    if server.seen["DOT"] == 3:
        cutting = Thread(target=cut_off)
        cutting.start()
        cutting.join()
    return "250 2.0.0 OK"


def test_what_was_taken_is_recorded(domain, engine, lead_to):
    with receiving(FakeMx({"DOT": after_the_third})) as mx:
        lead_to(mx)
        queue_message(domain, *(f"r{number}@recipient.test" for number in range(20)))
        connection.close()  # or it is cut off as well, and the test cannot go on
        for _ in range(3):
            with suppress(*DATABASE_AWAY):
                engine.drain(10)
        assert len(mx.mails) >= 3
    assert cut[-1] >= 2
    assert Attempt.objects.filter(outcome="delivered").count() == len(mx.mails)


def test_a_connection_that_broke_at_rest_defers_no_mail(domain, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        queue_message(domain, "first@recipient.test")
        engine.drain(10)
        cutting = Thread(target=cut_off)
        connection.close()
        cutting.start()
        cutting.join()
        queue_message(domain, "second@recipient.test")
        for _ in range(2):
            with suppress(*DATABASE_AWAY):
                engine.drain(10)
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["delivered", "delivered"]
