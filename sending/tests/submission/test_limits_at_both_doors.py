"""Each limit in a live SMTP dialogue and over HTTP: where it is told, in which words, and that the dialogue goes on."""

import base64
import json
import smtplib

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.authentication import forget_tokens
from billing import requests
from billing.models import QuotaOverride, UsagePeriod
from mailtrap_site.testing.world import make_token
from sending.models import Message, Stream, Submission
from sending.policy.hints import forget_hints
from sending.tests.drafts import message
from sending.tests.submission.test_smtp_dialogue import connect, transaction, use_all_but

pytestmark = pytest.mark.django_db(transaction=True)

ALICE, RITA, REX = "alice@example.test", "rita@far.test", "rex@far.test"
TEN, THIRTY = 10 * 1024 * 1024, 30 * 1024 * 1024
MONTHLY = "Monthly messages limit reached"
DAILY = "Daily messages limit reached"
TOKEN = "Monthly messages limit of the API token reached"


@pytest.fixture
def dialogue(server, world):
    with connect(server) as client:
        client.login("api", world.secret)
        yield client


@pytest.fixture
def post(world):
    def _post(*recipients, secret=None, **fields):
        mail = {"from": {"email": ALICE}, "to": [{"email": one} for one in recipients], "subject": "Hi", "text": "Hi"}
        answer = Client().post(
            "/api/send",
            json.dumps(mail | fields),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret or world.secret}"},
        )
        body = answer.json()
        return (answer.status_code, body.get("errors"), *body.get("codes", ()))

    return _post


def limit(account, term, value):
    QuotaOverride.objects.create(
        account=account, term=term, value=value, reason="A test.", starts_at=account.created_at
    )


def sized(octets):
    """A mail of exactly so many octets, in lines that SMTP allows."""
    head = message(body="")
    line = b"x" * 98 + b"\r\n"
    space = octets - len(head)
    return head + line * (space // 100 - 1) + b"y" * (space % 100 + 98) + b"\r\n"


def test_a_month_that_is_used_up_is_told_at_auth_and_over_http(server, world, post):
    use_all_but(world.account, 0)
    for user in ("api", "bulk"):
        with connect(server) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.login(user, world.secret)
        assert (refusal.value.smtp_code, refusal.value.smtp_error) == (535, f"5.7.0 {MONTHLY}".encode())
    assert post(RITA) == (403, [MONTHLY], "monthly_limit")
    assert not Submission.objects.exists()


def test_a_month_that_ends_in_a_dialogue_is_told_at_data_and_then_at_the_next_auth(server, dialogue, world, post):
    use_all_but(world.account, 2)
    assert transaction(dialogue, ALICE, RITA, REX, "third@far.test") == (535, f"5.7.0 {MONTHLY}")
    assert post(RITA, REX, "third@far.test") == (403, [MONTHLY], "monthly_limit")
    assert transaction(dialogue, ALICE, RITA, REX)[0] == 250
    assert transaction(dialogue, ALICE, RITA) == (535, f"5.7.0 {MONTHLY}")
    assert dialogue.noop()[0] == 250
    forget_hints()
    with connect(server) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
        client.login("api", world.secret)
    assert refusal.value.smtp_error == f"5.7.0 {MONTHLY}".encode()
    assert (Message.objects.count(), UsagePeriod.objects.get().used) == (2, 4000)


def test_a_day_that_is_used_up_is_told_at_data_and_lets_its_sender_log_in(server, dialogue, world, post):
    limit(world.account, "emails_per_day", 3)
    assert transaction(dialogue, ALICE, RITA, REX)[0] == 250
    assert transaction(dialogue, ALICE, RITA, REX) == (550, f"5.7.1 {DAILY}")
    assert post(RITA, REX) == (403, [DAILY], "daily_limit")
    assert transaction(dialogue, ALICE, RITA)[0] == 250
    assert transaction(dialogue, ALICE, RITA) == (550, f"5.7.1 {DAILY}")
    with connect(server) as client:
        assert client.login("bulk", world.secret)[0] == 235
        assert transaction(client, ALICE, RITA) == (550, f"5.7.1 {DAILY}")
    assert (Message.objects.count(), UsagePeriod.objects.get().used) == (3, 3)


def test_of_two_limits_the_one_that_ends_the_month_is_named(dialogue, world, post):
    use_all_but(world.account, 1)
    limit(world.account, "emails_per_day", 1)
    assert transaction(dialogue, ALICE, RITA, REX) == (535, f"5.7.0 {MONTHLY}")
    assert post(RITA, REX) == (403, [MONTHLY], "monthly_limit")


def test_a_token_that_is_used_up_is_told_at_data_while_another_sends_on(server, dialogue, world, post):
    world.token.emails_per_month = 2
    world.token.save()
    forget_hints()
    other, secret = make_token(world.account, "Another")
    assert transaction(dialogue, ALICE, RITA, REX, "third@far.test") == (550, f"5.7.1 {TOKEN}")
    assert transaction(dialogue, ALICE, RITA, REX)[0] == 250
    assert transaction(dialogue, ALICE, RITA) == (550, f"5.7.1 {TOKEN}")
    assert post(RITA) == (403, [TOKEN], "token_limit")
    with connect(server) as client:
        client.login("api", secret)
        assert transaction(client, ALICE, RITA)[0] == 250
    assert post(RITA, secret=secret)[0] == 200
    assert list(Submission.objects.order_by("id").values_list("token_id", "door")) == [
        (world.token.pk, "smtp"),
        (other.pk, "smtp"),
        (other.pk, "api"),
    ]


def test_each_stream_and_each_door_draws_from_one_day(server, dialogue, world, post):
    limit(world.account, "emails_per_day", 3)
    with connect(server) as bulk:
        bulk.login("bulk", world.secret)
        assert transaction(bulk, ALICE, RITA)[0] == 250
        assert post(RITA)[0] == 200
        assert transaction(dialogue, ALICE, RITA)[0] == 250
        for answer in (transaction(bulk, ALICE, RITA), transaction(dialogue, ALICE, RITA)):
            assert answer == (550, f"5.7.1 {DAILY}")
    streams = list(Submission.objects.order_by("id").values_list("stream", flat=True))
    assert streams == [Stream.BULK, Stream.TRANSACTIONAL, Stream.TRANSACTIONAL]


def test_ten_megabytes_are_taken_and_one_octet_more_is_refused_whether_announced_or_not(dialogue, world):
    dialogue.ehlo()
    assert dialogue.esmtp_features["size"] == str(TEN)
    assert dialogue.mail(ALICE, [f"SIZE={TEN + 1}"])[0] == 552
    dialogue.rset()
    assert transaction(dialogue, ALICE, RITA, content=sized(TEN))[0] == 250
    code, text = transaction(dialogue, ALICE, RITA, content=sized(TEN + 1))
    assert (code, text.split()[0]) == (552, "5.3.4")
    assert transaction(dialogue, ALICE, RITA)[0] == 250
    assert Submission.objects.count() == 2


def test_after_staff_granted_it_thirty_megabytes_are_taken_and_no_more(server, world):
    asked = requests.ask_for_size(world.account, "Catalogues.", world.alice)
    assert requests.grant(asked, "Granted.", world.bob)
    forget_hints()
    forget_tokens()
    with connect(server) as client:
        client.login("api", world.secret)
        client.ehlo()
        assert client.mail(ALICE, [f"SIZE={THIRTY + 1}"])[0] == 552
        client.rset()
        assert transaction(client, ALICE, RITA, content=sized(THIRTY))[0] == 250
        assert transaction(client, ALICE, RITA, content=sized(THIRTY + 1))[0] == 552
        assert transaction(client, ALICE, RITA)[0] == 250
    assert Submission.objects.count() == 2


def test_over_http_the_composed_mail_counts_and_the_granted_size_holds(world, post):
    def attachment(octets):
        content = base64.b64encode(b"x" * octets).decode()
        return {"attachments": [{"content": content, "filename": "a.bin", "type": "application/octet-stream"}]}

    # In base64 with its line ends an attachment takes 78 octets for each 57.
    fits, large = TEN * 57 // 78 - 20_000, TEN * 57 // 78
    assert post(RITA, **attachment(fits))[0] == 200
    assert post(RITA, **attachment(large)) == (413, ["message too large"], "message_too_large")
    world.account.max_message_bytes = THIRTY
    world.account.save()
    forget_hints()
    forget_tokens()
    cache.clear()
    assert post(RITA, **attachment(large))[0] == 200
    assert post(RITA, **attachment(THIRTY * 57 // 78))[0] == 413
