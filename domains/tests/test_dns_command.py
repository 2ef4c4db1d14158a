"""`manage.py dns` as the supervisor runs it: it serves, ends on SIGTERM, names a taken port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest
from django.conf import settings
from django.db import connection

BASE_DIR = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(BASE_DIR / "manage.py"), "dns"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("programs")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(port: int) -> dict[str, str]:
    database = connection.settings_dict
    address = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    return {**os.environ, "DNS_HOST": "127.0.0.1", "DNS_PORT": str(port), "DATABASE_URL": address}


def test_it_answers_for_the_platform_and_ends_when_asked() -> None:
    port = free_port()
    process = subprocess.Popen(COMMAND, env=environment(port), stderr=subprocess.PIPE)
    try:
        response = _ask_until_it_answers(port)
        assert response.answer[0][0].to_text() == settings.ENVIRONMENT.platform_ipv4
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(COMMAND, env=environment(port), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "DNS_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def _ask_until_it_answers(port: int) -> dns.message.Message:
    query = dns.message.make_query(f"smtp.{settings.PLATFORM_DOMAIN}", "A")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return dns.query.udp(query, "127.0.0.1", port=port, timeout=0.5)
        except (dns.exception.Timeout, OSError):
            time.sleep(0.1)
    pytest.fail("the name server did not answer")
