"""Details of a submission session, each asked by swaks or by hand: what it announces, answers and refuses."""

import smtplib
import subprocess
import time
from dataclasses import replace

import pytest

from sending.models import Content, Submission
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def swaks(server, world):
    """Runs swaks with a valid login unless told otherwise; answers its exit status and what was said."""

    def run(*arguments, user="api", secret=None):
        host, port = server.addresses[0]
        command = ["swaks", "--server", f"{host}:{port}", "--tls", "--auth", "LOGIN", "--auth-user", user]
        command += ["--auth-password", secret or world.secret, "--from", "alice@example.test", "--to", "rita@far.test"]
        said = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)
        return said.returncode, said.stdout

    return run


def header(line):
    return ["--add-header", line]


@pytest.mark.outside("swaks")
def test_swaks_hears_the_limits_and_its_wishes_are_followed(swaks):
    status, said = swaks(
        *header("X-MT-Category: Outside"),
        *header('X-MT-Custom-Variables: {"order": ["58213", "58214"]}'),
        *header("X-MT-Track-Opens: no"),
        *header("Idempotency-Key: 1"),
    )
    assert status == 0, said
    assert "LIMITS MAILMAX=100 RCPTMAX=1000" in said
    assert "SIZE 10485760" in said
    submission = Submission.objects.get()
    assert (submission.category, submission.custom_variables) == ("Outside", {"order": "58213"})
    assert b"x-mt-" not in Content.objects.get().message.lower()
    assert b"idempotency" not in Content.objects.get().message.lower()


@pytest.mark.outside("swaks")
@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("X-MT-Send-At: tomorrow", "550 5.7.1 X-MT-Send-At is not a date and time with its UTC offset"),
        ("X-MT-Track-Clicks: perhaps", "550 5.6.0 X-MT-Track-Clicks must be yes or no"),
        ("Idempotency-Key: two words", "550 5.6.0 The Idempotency-Key header is invalid"),
        ("Subject: another", "550 5.6.0 The message has more than one Subject header"),
    ],
)
def test_swaks_is_told_which_header_cannot_be_followed(swaks, line, reply):
    status, said = swaks(*header(line))
    assert status == 26, said  # swaks' word for a refusal after DATA
    assert reply in said
    assert not Submission.objects.exists()


@pytest.mark.outside("swaks")
def test_swaks_with_wrong_credentials_is_told_so(swaks):
    for wrong in ({"user": "alice"}, {"secret": "f" * 32}):
        status, said = swaks(**wrong)
        assert status == 28, said
        assert "535 5.7.8 Authentication credentials invalid" in said


def small_commands(client):
    asked = (("NOOP", "x"), ("HELP", ""), ("VRFY", "rita@far.test"), ("EXPN", "list"), ("XYZZY", ""), ("AUTH", "PLAIN"))
    return [client.docmd(*one)[0] for one in asked]


def test_small_commands_answer_before_and_within_a_transaction(server, world):
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.ehlo()
        assert small_commands(client) == [250, 214, 530, 502, 500, 530]
        client.starttls(context=trusting_context())
        client.login("api", world.secret)
        assert small_commands(client) == [250, 214, 252, 502, 500, 503]
        client.mail("alice@example.test")
        client.rcpt("rita@far.test")
        assert small_commands(client) == [250, 214, 252, 502, 500, 503]
        assert client.rset() == (250, b"2.0.0 OK")
        assert client.docmd("DATA") == (503, b"5.5.1 Send MAIL first")


def test_the_size_announced_is_the_accounts_own_once_it_is_known(server, world):
    world.account.max_message_bytes = 12_000_000
    world.account.save()
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.starttls(context=trusting_context())
        client.ehlo()
        assert client.esmtp_features["size"] == "10485760"
        client.login("api", world.secret)
        client.ehlo()
        assert client.esmtp_features["size"] == "12000000"


def test_an_account_at_its_limit_of_connections_gets_in_when_one_ends(server, world, door, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, smtp_connections_per_account=1)
    account = str(world.account.pk)
    for _ in range(2):
        with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
            client.starttls(context=trusting_context())
            assert client.login("api", world.secret)[0] == 235
            assert door.connections.own(account) == 1
        until = time.monotonic() + 10
        while door.connections.own(account) and time.monotonic() < until:
            time.sleep(0.01)
