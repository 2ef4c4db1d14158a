"""What is there after the answer: submission, content, messages, queue entries, events and the meter."""

import dataclasses
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from billing.metering import usage
from mailtrap_site.testing.roomy import make_roomy
from sending.models import Content, Event, Message, MessageStatus, QueueEntry, Submission
from sending.policy.refusal import Reason
from sending.submission import group_commit
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db

RECIPIENTS = (
    ("bcc", "b1@far.test"),
    ("to", "t1@Far.Test"),
    ("cc", "c1@far.test"),
    ("to", "t2@bücher.test"),
    ("cc", "t1@far.test"),
)

MANY = 300


def test_all_rows_of_a_submission_are_written(world):
    text = message(subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
    one = draft(world, recipients=RECIPIENTS, message=text, category="welcome", custom_variables={"a": "1", "n": 2})
    [answer] = submit([one])
    assert isinstance(answer, Accepted)
    submission = Submission.objects.get()
    assert submission.pk == answer.submission_id == one.submission_id
    assert (submission.account_id, submission.domain_id, submission.token_id) == (
        world.account.pk,
        world.domain.pk,
        world.token.pk,
    )
    assert (submission.subject, submission.category, submission.custom_variables) == (
        "Grüße",
        "welcome",
        {"a": "1", "n": 2},
    )
    assert (submission.mail_from, submission.from_header) == ("alice@example.test", "Alice <alice@example.test>")
    assert (submission.recipient_count, submission.size) == (5, len(text))
    assert (submission.client_ip, submission.rfc_message_id) == ("192.0.2.7", "<1@example.test>")
    assert not (submission.needs_8bit or submission.needs_smtputf8)
    assert Content.objects.get(pk=submission.content_id).message == text
    messages = list(Message.objects.order_by("id"))
    assert [one.pk for one in messages] == list(answer.message_ids)
    assert [(one.kind, one.recipient) for one in messages] == [
        ("to", "t1@far.test"),
        ("to", "t2@xn--bcher-kva.test"),
        ("cc", "c1@far.test"),
        ("cc", "t1@far.test"),
        ("bcc", "b1@far.test"),
    ]
    assert {(one.status, one.from_address, one.category) for one in messages} == {
        (MessageStatus.QUEUED, "alice@example.test", "welcome")
    }
    entries = {entry.message_id: entry for entry in QueueEntry.objects.all()}
    assert [entries[one.pk].destination for one in messages][:2] == ["far.test", "xn--bcher-kva.test"]
    assert all(entry.lease_owner is None and entry.attempts == 0 for entry in entries.values())
    events = list(Event.objects.all())
    assert {(event.type, event.message_id) for event in events} == {("accepted", one.pk) for one in messages}
    assert usage(world.account).used == 5


def test_many_recipients_of_one_mail_keep_their_order(world):
    make_roomy(world.account)
    recipients = tuple(("to", f"r{number}@far.test") for number in range(MANY))
    one = draft(world, recipients=recipients, custom_variables={"name": "Zoë"}, client_ip="2001:db8::1")
    [answer] = submit([one])
    assert [str(one) for one in Message.objects.order_by("id").values_list("id", flat=True)] == [
        str(one) for one in answer.message_ids
    ]
    submission = Submission.objects.get()
    assert (submission.client_ip, submission.custom_variables) == ("2001:db8::1", {"name": "Zoë"})
    assert QueueEntry.objects.count() == Event.objects.count() == MANY


def test_large_content_is_stored_and_read_back_and_a_refused_one_leaves_nothing(world):
    text = message(body="\r\n".join(secrets.token_hex(400) for _ in range(1000)) + "\r\n")
    refused, accepted = submit([draft(world, message=text, token_id=None), draft(world, message=text)])
    assert refused.reason is Reason.TOKEN_INVALID
    assert isinstance(accepted, Accepted)
    assert Content.objects.get().message == text


def test_the_content_carries_the_end_of_the_plans_retention(world):
    submit([draft(world)])
    left = Content.objects.get().expires_at - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(
    "spoiled", [{"category": "nul\0"}, {"custom_variables": '{"a": "\\u0000"}'}, {"subject": "nul\0"}]
)
def test_text_that_cannot_be_stored_costs_its_own_submission_only(world, count, spoiled):
    make_roomy(world.account)
    recipients = tuple(("to", f"r{number}@far.test") for number in range(count))
    payloads = [prepare(draft(world, recipients=recipients)) for _ in range(3)]
    payloads[1] = dataclasses.replace(payloads[1], **spoiled)
    outcomes = group_commit._flush_inline(payloads)
    assert [isinstance(one, Accepted) for one in outcomes] == [True, False, True]
    assert outcomes[1].reason is Reason.UNSTORABLE_TEXT
    assert Submission.objects.count() == 2
    assert usage(world.account).used == 2 * count


def test_unstorable_text_is_refused_before_the_database_sees_it(world):
    for change in ({"category": "a\0"}, {"custom_variables": {"a": "\0"}}, {"category": "\ud800"}):
        [refusal] = submit([draft(world, **change)])
        assert refusal.reason is Reason.UNSTORABLE_TEXT


def test_eight_bit_and_utf8_needs_are_told_apart(world):
    eight_bit = draft(world, message=message(body="Grüße\r\n"))
    head = draft(world, message=message(subject="Grüße"), smtputf8=True)
    undeclared = draft(world, message=message(subject="Grüße"))
    needs = [(one.needs_8bit, one.needs_smtputf8) for one in map(prepare, (eight_bit, head, undeclared))]
    assert needs == [(True, False), (True, True), (True, False)]
