"""The mx serves on after the database was restarted beneath it: no sender is sent away because of an old connection."""

import smtplib

import pytest
from django.db import connection

from sending.models import IncomingReport
from sending.tests.mailbox import mx_running

pytestmark = pytest.mark.django_db(transaction=True)

DROP = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND query LIKE 'INSERT INTO "sending_incomingreport"%%'"""


def test_the_next_mail_is_taken():
    mail = b"Subject: Complaint\r\n\r\nStop it.\r\n"
    with mx_running("mx") as address, smtplib.SMTP(*address, timeout=5) as client:
        client.sendmail("a@far.test", ["abuse@platform.test"], mail)
        with connection.cursor() as cursor:
            cursor.execute(DROP)
            assert (True,) in cursor.fetchall()
        client.sendmail("a@far.test", ["abuse@platform.test"], mail)
    assert IncomingReport.objects.count() == 2
