"""A client reaches the bulk stream by the host name that it asks for in its TLS handshake, or by its user name."""

import smtplib
import subprocess

import pytest
from django.conf import settings

from sending.models import Submission
from sending.tests.drafts import message
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db(transaction=True)

OURS = f"bulk.smtp.{settings.PLATFORM_DOMAIN}"
CASES = [
    ("api", "", "transactional"),
    ("api", f"live.smtp.{settings.PLATFORM_DOMAIN}", "transactional"),
    ("api", "live.smtp.mailtrap.io", "transactional"),
    ("api", "send.smtp.mailtrap.io", "transactional"),
    ("api", "elsewhere.test", "transactional"),
    ("api", f"x.{OURS}", "transactional"),
    ("api", OURS, "bulk"),
    ("api", OURS.upper(), "bulk"),
    ("api", "bulk.smtp.mailtrap.io", "bulk"),
    ("bulk", "", "bulk"),
    ("bulk", "live.smtp.mailtrap.io", "bulk"),
    ("bulk", OURS, "bulk"),
]


@pytest.mark.parametrize(("user", "asked", "stream"), CASES)
def test_either_name_is_enough_under_starttls(server, world, user, asked, stream):
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client._host = asked or None  # what smtplib asks for
        client.starttls(context=trusting_context())
        client.login(user, world.secret)
        client.sendmail("alice@example.test", ["rita@far.test"], message())
    assert Submission.objects.get().stream == stream


@pytest.mark.outside("swaks")
@pytest.mark.parametrize("tls", ["--tls", "--tls-on-connect"])
@pytest.mark.parametrize(("user", "asked", "stream"), [CASES[0], CASES[6], CASES[8], CASES[10]])
def test_swaks_reaches_both_streams_under_both_kinds_of_tls(server, world, tls, user, asked, stream):
    host, port = server.addresses[0 if tls == "--tls" else 1]
    command = ["swaks", "--server", f"{host}:{port}", tls, "--auth", "PLAIN", "--auth-user", user]
    command += ["--auth-password", world.secret, "--from", "alice@example.test", "--to", "rita@far.test"]
    command += ["--tls-sni", asked] if asked else []
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stdout
    assert Submission.objects.get().stream == stream


def test_a_name_that_is_none_changes_nothing(server, world):
    """Any label passes as far as the handshake; it leads to the usual stream."""
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client._host = "a" * 63 + "." + "b" * 63 + ".test"
        client.starttls(context=trusting_context())
        assert client.login("api", world.secret)[0] == 235
