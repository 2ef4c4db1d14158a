"""The submission server over real sockets, asked by the standard library's client."""

import smtplib
import socket
import ssl
import time
from base64 import b64encode
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import login_throttle
from accounts.authentication import authenticate_token, forget_tokens
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from mailtrap_site.testing.world import make_domain
from sending.models import Content, Message, Stream, Submission
from sending.policy.hints import forget_hints
from sending.submission.smtp_session import remembered_login
from sending.tests.drafts import message
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(server):
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.starttls(context=trusting_context())
        yield client


def connect(server):
    client = smtplib.SMTP(*server.addresses[0], timeout=10)
    client.starttls(context=trusting_context())
    return client


def use_all_but(account, left):
    period = period_of(account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        used=FREE.emails_per_month - left,
        message_limit=FREE.emails_per_month,
    )


def transaction(client, mail_from, *recipients, content=None):
    """The code and text of the last reply."""
    code, text = client.mail(mail_from)
    for recipient in recipients:
        if code == 250:
            code, text = client.rcpt(recipient)
    if code == 250:
        code, text = client.data(content or message())
    client.rset()
    return code, text.decode()


def test_a_mail_is_committed_before_its_250_and_names_its_message(client, world):
    client.login("api", world.secret)
    code, text = transaction(client, "alice@example.test", "rita@far.test")
    stored = Message.objects.get()
    assert (code, text) == (250, f"2.0.0 Queued as {stored.pk}")
    submission = Submission.objects.get()
    assert (submission.door, submission.stream, submission.token_id) == ("smtp", "transactional", world.token.pk)


def test_the_user_bulk_sends_on_the_bulk_stream_and_implicit_tls_works(server, world):
    with smtplib.SMTP_SSL(*server.addresses[1], timeout=10, context=trusting_context()) as client:
        client.login("bulk", world.secret)
        client.sendmail("alice@example.test", ["rita@far.test"], message())
    assert Submission.objects.get().stream == "bulk"


def test_nothing_goes_before_tls_and_auth(server, world):
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN AGFwaQB4")[0] == 530
        assert client.mail("alice@example.test")[0] == 530
        client.starttls(context=trusting_context())
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        assert {"starttls"}.isdisjoint(client.esmtp_features)
        assert client.esmtp_features["size"] == "10485760"
        assert client.mail("alice@example.test") == (530, b"5.7.0 Authentication required")


@pytest.mark.parametrize("method", ["auth_plain", "auth_login"])
def test_both_mechanisms_log_in(client, world, method):
    client.ehlo()
    client.user, client.password = "api", world.secret
    name = method.removeprefix("auth_").upper()
    assert client.auth(name, getattr(client, method))[0] == 235


@pytest.mark.parametrize(("user", "secret"), [("api", "0" * 32), ("api", ""), ("alice", None), ("API", None)])
def test_bad_credentials_are_refused(client, world, user, secret):
    with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
        client.login(user, world.secret if secret is None else secret)
    assert refusal.value.smtp_code == 535
    assert refusal.value.smtp_error == b"5.7.8 Authentication credentials invalid"


def test_an_address_that_fails_too_often_has_to_wait_unless_it_knows_a_token(server, world, monkeypatch):
    monkeypatch.setattr(login_throttle, "MOST_FAILURES", 2)
    monkeypatch.setattr(login_throttle, "_known_until", {})
    codes = []
    for _ in range(3):
        with connect(server) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.ehlo()
            client.user, client.password = "api", "f" * 32
            client.auth("PLAIN", client.auth_plain)
        codes.append(refusal.value.smtp_code)
    assert codes == [535, 535, 454]
    with connect(server) as client:
        assert client.login("api", world.secret)[0] == 235


def test_who_has_just_logged_in_is_remembered_unless_the_token_the_account_or_the_meter_speaks_against_it(
    server, world
):
    assert remembered_login("api", world.secret, "192.0.2.1") is None
    with connect(server) as client:
        client.login("api", world.secret)
    assert remembered_login("bulk", world.secret, "192.0.2.1").stream == Stream.BULK
    assert remembered_login("alice", world.secret, "192.0.2.1") is None
    assert remembered_login("api", "f" * 32, "192.0.2.1") is None
    forget_tokens()
    assert remembered_login("api", world.secret, "192.0.2.1") is None
    authenticate_token(world.secret)
    assert remembered_login("api", world.secret, "192.0.2.1") is not None
    forget_hints()
    assert remembered_login("api", world.secret, "192.0.2.1") is None


def test_an_account_without_messages_left_is_told_at_auth_and_it_counts_as_no_failure(server, world):
    use_all_but(world.account, 0)
    with connect(server) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
        client.login("api", world.secret)
    assert refusal.value.smtp_code == 535
    assert refusal.value.smtp_error == b"5.7.0 Monthly messages limit reached"
    assert not cache.get(login_throttle._key(login_throttle.LoginDoor.SMTP, "127.0.0.1"))


def test_a_mail_that_needs_more_than_is_left_is_told_at_data(client, world):
    use_all_but(world.account, 1)
    client.login("api", world.secret)
    answer = transaction(client, "alice@example.test", "a@far.test", "b@far.test")
    assert answer == (535, "5.7.0 Monthly messages limit reached")
    assert transaction(client, "alice@example.test", "a@far.test")[0] == 250


@pytest.mark.parametrize(
    ("verified", "asked", "code"),
    [
        ("example.test", "example.test", 250),
        ("example.test", "mail.example.test", 550),
        ("mail.example.test", "mail.example.test", 250),
        ("mail.example.test", "example.test", 550),
    ],
)
def test_the_domain_is_told_at_mail_from(client, world, verified, asked, code):
    world.domain.delete()
    make_domain(world.account, verified)
    client.login("api", world.secret)
    answer = client.mail(f"a@{asked}")
    assert answer[0] == code
    if code == 550:
        assert answer[1].decode() == f"5.7.1 Sending from domain {asked} is not allowed"


def test_the_empty_reverse_path_is_refused_in_the_contracts_words(client, world):
    client.login("api", world.secret)
    assert client.mail("") == (550, b"5.7.1 Sending from domain  is not allowed")


def test_a_foreign_author_is_refused_after_the_content(client, world):
    client.login("api", world.secret)
    answer = transaction(client, "a@example.test", "r@far.test", content=message(from_="a@stranger.test"))
    assert answer == (550, "5.7.1 'From' header does not match the sender's domain")


def test_too_much_is_refused_at_mail_from_and_an_accounts_own_limit_holds(server, world):
    with connect(server) as client:
        client.login("api", world.secret)
        assert client.mail("a@example.test", ["SIZE=10485761"])[0] == 552
        assert client.mail("a@example.test", ["SIZE=10485760"])[0] == 250
    world.account.max_message_bytes = 12_000_000
    world.account.save()
    forget_hints()
    with connect(server) as client:
        client.login("api", world.secret)
        assert client.mail("a@example.test", ["SIZE=12000000"])[0] == 250


def test_a_mail_as_large_as_announced_is_taken_although_we_add_to_it(client, world, settings):
    client.login("api", world.secret)
    head = message(body="")
    line = b"x" * 98 + b"\r\n"
    space = 10_485_760 - len(head)
    content = head + line * (space // 100) + b"y" * (space % 100 - 2) + b"\r\n"
    assert len(content) == 10_485_760
    assert transaction(client, "a@example.test", "r@far.test", content=content)[0] == 250


def test_kinds_come_from_the_header_and_what_it_does_not_name_is_bcc(client, world):
    client.login("api", world.secret)
    content = message(to="T <t@Far.test>, both@far.test", extra="Cc: c@far.test, both@far.test\r\nBcc: b@far.test\r\n")
    recipients = ("b@far.test", "both@far.test", "c@far.test", "both@far.test", "t@far.test")
    code, _ = transaction(client, "a@example.test", *recipients, content=content)
    assert code == 250
    assert list(Message.objects.order_by("id").values_list("kind", "recipient")) == [
        ("to", "both@far.test"),
        ("to", "t@far.test"),
        ("cc", "c@far.test"),
        ("cc", "both@far.test"),
        ("bcc", "b@far.test"),
    ]
    assert b"b@far.test" not in Content.objects.get().message


def test_control_headers_are_stored_and_taken_off(client, world):
    client.login("api", world.secret)
    extra = 'X-MT-Category: Welcome\r\nX-MT-Custom-Variables: {"user": "1",\r\n "n": [1, 2]}\r\nX-Mine: 1\r\n'
    assert transaction(client, "a@example.test", "r@far.test", content=message(extra=extra))[0] == 250
    submission = Submission.objects.get()
    assert (submission.category, submission.custom_variables) == ("Welcome", {"user": "1", "n": 1})
    kept = Content.objects.get().message.lower()
    assert b"x-mt-" not in kept
    assert b"x-mine: 1" in kept


@pytest.mark.parametrize(
    "extra",
    [
        "X-MT-Category: " + "c" * 256 + "\r\n",
        'X-MT-Custom-Variables: {"a": "' + "x" * 900 + '",\r\n "b": "' + "x" * 100 + '"}\r\n',
        "X-MT-Custom-Variables: {broken\r\n",
        'X-MT-Custom-Variables: {"a": 1}\r\nX-MT-Custom-Variables: {"b": 1}\r\n',
        'X-MT-Custom-Variables: {"a": "\\u0000"}\r\n',
        "X-MT-Custom-Variables: [1]\r\n",
    ],
)
def test_control_headers_out_of_bounds_are_passed_over(client, world, extra):
    client.login("api", world.secret)
    assert transaction(client, "a@example.test", "r@far.test", content=message(extra=extra))[0] == 250
    submission = Submission.objects.get()
    assert (submission.category, submission.custom_variables) == (None, {})


def test_the_message_gets_its_trace_and_missing_fields_and_keeps_every_other_byte(client, world):
    client.login("api", world.secret)
    content = b"Subject: odd   spacing\r\nFROM:a@example.test\r\n\r\n..dots\r\n.\r\n\ttab \r\n".replace(
        b"\r\n.\r\n", b"\r\n. \r\n"
    )
    assert transaction(client, "a@example.test", "r@far.test", content=content)[0] == 250
    stored = Content.objects.get().message
    assert stored.endswith(content)
    added = stored.removesuffix(content).decode()
    assert added.startswith("Received: from authenticated-client by live.smtp.platform.test with ESMTPSA\r\n\tid ")
    assert str(Submission.objects.get().pk) in added
    assert "\r\nDate: " in added
    assert f"\r\nMessage-ID: <{Submission.objects.get().pk}@example.test>\r\n" in added
    assert "127.0.0.1" not in added


def test_an_account_has_a_limit_of_connections(server, world, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, smtp_connections_per_account=1)
    with connect(server) as first:
        first.login("api", world.secret)
        with connect(server) as second, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            second.login("api", world.secret)
        assert refusal.value.smtp_error == b"5.7.8 Too many connections per account"


def test_a_client_that_goes_away_during_its_login_holds_no_connection_of_the_account(server, world, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, smtp_connections_per_account=1)
    login = b64encode(f"\0api\0{world.secret}".encode())
    for _ in range(5):
        raw = socket.create_connection(server.addresses[1], 10)
        with trusting_context().wrap_socket(raw) as secured:
            secured.recv(1000)
            secured.sendall(b"EHLO me\r\nAUTH PLAIN " + login + b"\r\n")
    until = time.monotonic() + 10
    while True:
        with connect(server) as client:
            try:
                assert client.login("api", world.secret)[0] == 235
                return
            except smtplib.SMTPAuthenticationError:
                assert time.monotonic() < until


def test_an_invalid_recipient_is_refused_and_the_connection_goes_on(client, world):
    client.login("api", world.secret)
    client.mail("a@example.test")
    assert client.rcpt("a@b@far.test")[0] in (501, 553)
    assert client.rcpt("a@-far.test")[0] in (501, 553)
    assert client.rcpt("r@far.test")[0] == 250


def test_a_hundred_mails_on_one_connection_and_then_421(client, world):
    client.login("api", world.secret)
    for _ in range(100):
        assert client.sendmail("a@example.test", ["r@far.test"], message()) == {}
    assert client.mail("a@example.test")[0] == 421
    assert Submission.objects.count() == 100


def test_utf8_addresses_travel_with_smtputf8(client, world):
    client.login("api", world.secret)
    client.ehlo()
    client.mail("alice@example.test", ["SMTPUTF8"])
    client.command_encoding = "utf-8"
    assert client.rcpt("grüße@bücher.test")[0] == 250
    code, _ = client.data(message(to="grüße@bücher.test"))
    assert code == 250
    assert Message.objects.get().recipient == "grüße@xn--bcher-kva.test"
    assert Submission.objects.get().needs_smtputf8


def test_tls_must_be_modern(server):
    context = trusting_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        assert client.starttls(context=context)[0] == 220
