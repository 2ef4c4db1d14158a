"""A sandbox takes any sender's mail, for good and within bounds; nothing of it is queued, metered or logged."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from billing.metering import usage
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.world import make_token
from sending.capture import store, upkeep
from sending.models import CapturedMail, Content, Event, Message, QueueEntry, Sandbox, Submission
from sending.models.identifiers import id_at
from sending.policy.refusal import Reason
from sending.submission.draft import Accepted
from sending.submission.submit import submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(world):
    return make_sandbox(world.account)


def send(world, sandbox, **changes):
    """The outcome of one mail from a domain that nobody has verified."""
    fields = {"mail_from": "a@anywhere.test", "message": message(from_="a@anywhere.test")}
    (outcome,) = submit([draft(world, sandbox_id=sandbox.pk, **fields | changes)])
    return outcome


def test_a_mail_is_kept_as_it_is_with_all_its_recipients_under_one_id(world, sandbox):
    named = (("bcc", "b@far.test"), ("to", "t1@far.test"), ("cc", "c@far.test"), ("to", "t2@far.test"))
    outcome = send(world, sandbox, recipients=named, category="Welcome", custom_variables={"order": 1})
    mail = CapturedMail.objects.get()
    assert (outcome.message_ids, mail.sandbox_id) == ((mail.pk,), sandbox.pk)
    assert mail.recipients == [
        ["to", "t1@far.test"],
        ["to", "t2@far.test"],
        ["cc", "c@far.test"],
        ["bcc", "b@far.test"],
    ]
    assert (mail.recipient, mail.mail_from, mail.subject) == ("t1@far.test", "a@anywhere.test", "Hello")
    assert (mail.door, mail.stream, mail.category, mail.custom_variables) == (
        "api",
        "transactional",
        "Welcome",
        {"order": 1},
    )
    assert mail.message == message(from_="a@anywhere.test")
    assert mail.size == len(mail.message)


def test_nothing_of_it_reaches_the_queue_the_log_or_the_meter(world, sandbox):
    assert isinstance(send(world, sandbox), Accepted)
    assert isinstance(send(world, sandbox, mail_from="alice@example.test", message=message()), Accepted)
    assert [model.objects.count() for model in (Submission, Content, Message, QueueEntry, Event)] == [0] * 5
    assert usage(world.account).used == 0


def test_what_is_no_mail_is_refused_as_everywhere(world, sandbox):
    refusals = [
        send(world, sandbox, message=message(from_="a@elsewhere.test")),
        send(world, sandbox, message=b"Subject: x\r\n\r\n"),
        send(world, sandbox, recipients=()),
        send(world, sandbox, recipients=(("to", "nobody"),)),
        send(world, sandbox, category="\0"),
        send(world, sandbox, message=message(from_="a@anywhere.test", body="x" * 11_000_000)),
    ]
    assert [one.reason for one in refusals] == [
        Reason.FROM_MISMATCH,
        Reason.FROM_MISSING,
        Reason.RECIPIENTS_MISSING,
        Reason.RECIPIENT_INVALID,
        Reason.UNSTORABLE_TEXT,
        Reason.MESSAGE_TOO_LARGE,
    ]
    assert not CapturedMail.objects.exists()


def test_a_sandbox_takes_mail_of_its_own_account_alone(world, sandbox):
    foreign = make_sandbox(world.stranger_account)
    assert send(world, foreign).reason is Reason.SANDBOX_UNKNOWN
    assert send(world, Sandbox(pk=0)).reason is Reason.SANDBOX_UNKNOWN
    assert not CapturedMail.objects.exists()


def test_the_token_has_to_be_valid_and_to_reach_the_whole_account(world, sandbox):
    of_a_domain, _secret = make_token(
        world.account, scopes=[{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}]
    )
    reader, _secret = make_token(
        world.account, scopes=[{"resource_type": "account", "resource_id": world.account.pk, "access_level": 10}]
    )
    for token in (of_a_domain, reader):
        assert send(world, sandbox, token_id=token.pk).reason is Reason.SANDBOX_NOT_PERMITTED
    assert send(world, sandbox, token_id=world.stranger_token.pk).reason is Reason.TOKEN_INVALID
    Account.objects.filter(pk=world.account.pk).update(state=Account.State.BANNED)
    assert send(world, sandbox).reason is Reason.ACCOUNT_BANNED


def test_the_newest_are_kept_by_number(world, sandbox, monkeypatch):
    monkeypatch.setattr(store.trim, "__kwdefaults__", {"keep": 3, "octets": store.KEPT_OCTETS})
    other = make_captured(make_sandbox(world.account, "Other"))
    sent = [send(world, sandbox).message_ids[0] for _ in range(5)]
    assert [mail.pk for mail in store.newest(sandbox.pk)] == sent[:1:-1]
    assert CapturedMail.objects.filter(pk=other.pk).exists()


def test_the_newest_are_kept_by_size_and_recipients_count(world, sandbox, monkeypatch):
    monkeypatch.setattr(store.trim, "__kwdefaults__", {"keep": store.KEPT, "octets": 60_000})

    def left(**changes):
        (newest,) = send(world, sandbox, **changes).message_ids
        mails = [mail.pk for mail in store.newest(sandbox.pk)]
        assert mails[0] == newest, "the newest stays, whatever its size"
        return len(mails)

    large = message(from_="a@anywhere.test", body="x" * 40_000)
    assert [left(message=large), left(), left(message=large), left()] == [1, 2, 2, 3]
    for _ in range(2):
        crowd = tuple(("bcc", f"{secrets.token_hex(30)}@far.test") for _ in range(1000))
        assert left(recipients=crowd) == 1
    assert left(message=message(from_="a@anywhere.test", body="x" * 500_000)) == 1


def test_upkeep_deletes_what_is_older_than_the_plans_log(world, sandbox, monkeypatch):
    monkeypatch.setattr(store, "PIECE", 2)
    now = timezone.now()
    old = [make_captured(sandbox, id=id_at(now - timedelta(days=3, hours=1 + hour))) for hour in range(5)]
    fresh = make_captured(sandbox, id=id_at(now - timedelta(days=2)))
    on_development = make_captured(None, id=id_at(now - timedelta(days=30)))
    assert upkeep.tend(now, until=float("-inf"))
    assert CapturedMail.objects.filter(pk__in=[mail.pk for mail in old]).count() == 3
    assert not upkeep.tend(now, until=float("inf"))
    assert set(CapturedMail.objects.values_list("pk", flat=True)) == {fresh.pk, on_development.pk}


@pytest.mark.usefixtures("real_flusher")
def test_many_at_once_are_all_kept_and_each_gets_its_own_answer(world):
    sandbox, foreign = make_sandbox(world.account), make_sandbox(world.stranger_account)
    drafts = [
        draft(
            world,
            sandbox_id=(foreign if number % 10 == 9 else sandbox).pk,
            recipients=(("to", f"r{number}@far.test"),),
            category="\ud800" if number % 10 == 8 else None,
        )
        for number in range(60)
    ]
    with ThreadPoolExecutor(6) as threads:
        parts = list(threads.map(submit, [drafts[start::6] for start in range(6)]))
    stored = {mail.pk: mail.recipient for mail in store.newest(sandbox.pk, limit=100)}
    assert len(stored) == 48
    for number in range(60):
        outcome = parts[number % 6][number // 6]
        if number % 10 < 8:
            assert stored[outcome.message_ids[0]] == f"r{number}@far.test"
        else:
            assert outcome.reason is (Reason.SANDBOX_UNKNOWN if number % 10 == 9 else Reason.UNSTORABLE_TEXT)
