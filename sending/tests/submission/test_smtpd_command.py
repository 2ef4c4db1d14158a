"""`manage.py smtpd` as an operator runs it."""

import os
import signal
import smtplib
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from sending.models import Submission
from sending.tests.drafts import message
from sending.tests.listening import trusting_context, write_certificate

pytestmark = pytest.mark.django_db(transaction=True)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return numbers


def start(folder, *arguments, **changes):
    certificate, key = write_certificate(folder)
    port, smtps_port = free_ports(2)
    url, _, name = os.environ["DATABASE_URL"].rpartition("/")
    query = name.partition("?")[1] + name.partition("?")[2]
    environment = {
        **os.environ,
        "DATABASE_URL": f"{url}/{connection.settings_dict['NAME']}{query}",
        "TLS_CERTIFICATE": str(certificate),
        "TLS_KEY": str(key),
        "SMTP_PORT": str(port),
        "SMTPS_PORT": str(smtps_port),
        **changes,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "smtpd", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, port


@pytest.mark.parametrize("workers", [1, 2])
def test_it_says_when_it_listens_takes_mail_and_ends_cleanly_on_sigterm(tmp_path, world, workers):
    process, port = start(tmp_path, f"--workers={workers}")
    try:
        for _ in range(workers):
            assert f"smtpd listens on 127.0.0.1:{port}" in process.stdout.readline()
        for _ in range(3):
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                client.starttls(context=trusting_context())
                client.login("api", world.secret)
                client.sendmail("alice@example.test", ["rita@far.test"], message())
        idle = smtplib.SMTP("127.0.0.1", port, timeout=20)
        process.send_signal(signal.SIGTERM)
        assert idle.getreply()[0] == 421
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert Submission.objects.count() == 3
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)


def test_a_port_in_use_or_a_missing_certificate_gets_a_sentence(tmp_path, world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process, _ = start(tmp_path, SMTP_PORT=str(taken.getsockname()[1]))
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "SMTP_PORT" in output
    process, _ = start(tmp_path, TLS_CERTIFICATE=str(tmp_path / "none.pem"))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "TLS_CERTIFICATE" in output
