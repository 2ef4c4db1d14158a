"""`manage.py smtpd` as an operator runs it."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from sending.models import Submission
from sending.tests.drafts import message
from sending.tests.listening import trusting_context, write_certificate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("programs")]


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


def children_of(process):
    return {int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def eventually(holds, seconds=20.0):
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def logged_in(port, secret):
    client = smtplib.SMTP("127.0.0.1", port, timeout=20)
    client.starttls(context=trusting_context())
    client.login("api", secret)
    return client


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_takes_the_mail_whose_content_is_coming_and_answers_it(tmp_path, world, workers):
    process, port = start(tmp_path, f"--workers={workers}")
    try:
        for _ in range(workers):
            process.stdout.readline()
        client = logged_in(port, world.secret)
        client.mail("alice@example.test")
        client.rcpt("rita@far.test")
        assert client.docmd("DATA")[0] == 354
        content = message()
        client.send(content[:50])
        process.send_signal(signal.SIGTERM)
        with pytest.raises(OSError):
            for _ in range(100):
                socket.create_connection(("127.0.0.1", port), 1).close()
                time.sleep(0.05)
        client.send(content[50:] + b".\r\n")
        assert client.getreply()[0] == 250
        assert client.getreply()[0] == 421
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert Submission.objects.count() == 1


def test_a_worker_that_dies_is_started_again_and_all_end_with_their_parent(tmp_path, world):
    process, port = start(tmp_path, "--workers=2")
    try:
        for _ in range(2):
            process.stdout.readline()
        before = children_of(process)
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        assert eventually(lambda: len(children_of(process) - before) == 1)
        while "smtpd listens on" not in process.stdout.readline():
            pass
        with logged_in(port, world.secret) as client:
            assert client.sendmail("alice@example.test", ["rita@far.test"], message()) == {}
        workers = children_of(process)
        process.kill()
        assert eventually(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    finally:
        process.kill()
        process.wait()


def test_an_accounts_connections_are_counted_across_all_processes(tmp_path, world):
    process, port = start(tmp_path, "--workers=2", SMTP_CONNECTIONS_PER_ACCOUNT="3")
    clients = []
    try:
        for _ in range(2):
            process.stdout.readline()
        for _ in range(3):
            clients.append(logged_in(port, world.secret))
        # Every process knows of the others' connections after an exchange, once a second.
        time.sleep(2.5)
        for _ in range(8):
            with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
                logged_in(port, world.secret)
            assert refusal.value.smtp_error == b"5.7.8 Too many connections per account"
        clients.pop().quit()
        time.sleep(2.5)
        clients.append(logged_in(port, world.secret))
    finally:
        process.terminate()
        process.wait(30)
        for client in clients:
            client.close()
