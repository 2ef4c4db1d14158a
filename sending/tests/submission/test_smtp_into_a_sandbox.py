"""The user name of a sandbox over real sockets: any sender, any recipient, and nothing leaves."""

import contextlib
import smtplib

import pytest
from django.core.cache import cache

from accounts.authentication import forget_tokens
from accounts.models import Account
from mailtrap_site.testing.captured import make_sandbox
from mailtrap_site.testing.world import make_token
from sending.listener import Limits, Port
from sending.models import CapturedMail, QueueEntry, Submission
from sending.policy.hints import forget_hints
from sending.protocol.smtp_server_events import ServerTls
from sending.submission.smtp_listener import configuration
from sending.submission.smtp_session import SubmissionDoor
from sending.tests.drafts import message
from sending.tests.listening import listening, trusting_context
from sending.tests.submission.test_smtp_dialogue import use_all_but

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(world):
    return make_sandbox(world.account)


@pytest.fixture
def connect(real_flusher):
    """Opens a connection, as often as it is called."""
    cache.clear()
    forget_tokens()
    forget_hints()
    door = SubmissionDoor("live.smtp.platform.test")
    port = Port("127.0.0.1", 0, configuration(door.hostname, ServerTls.STARTTLS), door.handler)
    with listening([port], Limits(drain_seconds=2)) as listener, contextlib.ExitStack() as connections:

        def connect():
            client = connections.enter_context(smtplib.SMTP(*listener.addresses[0], timeout=10))
            client.starttls(context=trusting_context())
            return client

        yield connect
    door.close()


@pytest.fixture
def client(connect):
    return connect()


def test_mail_from_anybody_to_anybody_is_kept_before_its_250(client, world, sandbox):
    client.login(f"sandbox-{sandbox.pk}", world.secret)
    source = message(from_="a@anywhere.test", to="t@far.test", extra="Cc: c@far.test\r\nX-MT-Category: Welcome\r\n")
    for number in (1, 2):
        code, text = client.mail("a@anywhere.test")
        assert code == 250
        for recipient in ("c@far.test", "b@far.test", "t@far.test"):
            assert client.rcpt(recipient)[0] == 250
        code, text = client.data(source)
        mail = CapturedMail.objects.latest("pk")
        assert (code, text.decode()) == (250, f"2.0.0 Queued as {mail.pk}")
        assert CapturedMail.objects.count() == number
    assert mail.recipients == [["to", "t@far.test"], ["cc", "c@far.test"], ["bcc", "b@far.test"]]
    assert (mail.door, mail.sandbox_id, mail.category, mail.mail_from) == (
        "smtp",
        sandbox.pk,
        "Welcome",
        "a@anywhere.test",
    )
    assert b"X-MT-Category" not in mail.message
    assert not Submission.objects.exists()
    assert not QueueEntry.objects.exists()


def test_a_full_meter_stops_no_test_mail(client, world, sandbox):
    use_all_but(world.account, 0)
    client.login(f"sandbox-{sandbox.pk}", world.secret)
    assert client.sendmail("a@anywhere.test", ["r@far.test"], message(from_="a@anywhere.test")) == {}


def test_a_sandbox_that_was_deleted_in_between_is_named_in_the_reply(client, world, sandbox):
    client.login(f"sandbox-{sandbox.pk}", world.secret)
    sandbox.delete()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("a@anywhere.test", ["r@far.test"], message(from_="a@anywhere.test"))
    assert refused.value.smtp_code == 554
    assert b"no sandbox for this email" in refused.value.smtp_error


def test_who_may_not_send_there_is_not_let_in(connect, world, sandbox):
    foreign = make_sandbox(world.stranger_account)
    scopes = [{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}]
    narrow = make_token(world.account, scopes=scopes)[1]
    logins = [
        (f"sandbox-{foreign.pk}", world.secret),
        (f"sandbox-{sandbox.pk}", world.stranger_secret),
        (f"sandbox-{sandbox.pk}", narrow),
        (f"sandbox-{sandbox.pk}", "0" * 32),
        ("sandbox-0", world.secret),
        ("sandbox-" + "9" * 30, world.secret),
        ("sandbox-", world.secret),
    ]
    for user, secret in logins:
        cache.clear()
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            connect().login(user, secret)
        assert refused.value.smtp_code == 535, user
    Account.objects.filter(pk=world.account.pk).update(state=Account.State.BANNED)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        connect().login(f"sandbox-{sandbox.pk}", world.secret)
