"""A sending domain may copy its mails: copies are recipients like all others, and visible as what they are."""

import json
import smtplib

import pytest
from django.utils import timezone

from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from domains import auto_bcc
from mailtrap_site.testing.captured import make_sandbox
from mailtrap_site.testing.world import World, make_platform
from sending.delivery.source import source_of
from sending.models import Door, Message, QueueEntry, RecipientKind, Submission
from sending.policy.refusal import Reason
from sending.submission.draft import Idempotency
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db
COPIES = ("archive@copies.test", "crm@copies.test")
SIX = tuple((kind, f"{kind}{number}@far.test") for kind in ("to", "cc") for number in range(3))


def copied(world: World, addresses=COPIES, header=""):
    auto_bcc.choose(world.domain, addresses, header, user=world.alice)


def used(account) -> int:
    return UsagePeriod.objects.get(account=account).used


def test_three_to_three_cc_and_two_copies_are_eight_in_the_answer_the_log_and_the_meter(world: World):
    copied(world)
    [accepted] = submit([draft(world, recipients=SIX)])
    rows = {row.pk: row for row in Message.objects.all()}
    assert len(accepted.message_ids) == len(rows) == used(world.account) == QueueEntry.objects.count() == 8
    assert [rows[one].kind for one in accepted.message_ids] == ["to"] * 3 + ["cc"] * 3 + ["auto_bcc"] * 2
    assert [rows[one].recipient for one in accepted.message_ids[6:]] == list(COPIES)
    assert Submission.objects.get().recipient_count == 8


def test_copies_come_after_bcc_and_beside_it(world: World):
    copied(world)
    [accepted] = submit([draft(world, recipients=(*SIX, ("bcc", "b1@far.test"), ("bcc", "b2@far.test")))])
    assert len(accepted.message_ids) == used(world.account) == 10
    last = [Message.objects.get(pk=one).kind for one in accepted.message_ids[-4:]]
    assert last == ["bcc", "bcc", "auto_bcc", "auto_bcc"]


def test_who_gets_the_mail_anyway_gets_no_second_one(world: World):
    copied(world)
    [accepted] = submit([draft(world, recipients=(("to", "Archive@Copies.test"),))])
    assert [Message.objects.get(pk=one).recipient for one in accepted.message_ids][1:] == ["crm@copies.test"]


def test_a_mail_that_fits_only_without_its_copies_is_refused_whole(world: World):
    copied(world)
    period = period_of(world.account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=world.account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        used=FREE.emails_per_month - 7,
        message_limit=FREE.emails_per_month,
    )
    [refusal] = submit([draft(world, recipients=SIX)])
    assert refusal.reason is Reason.MONTHLY_LIMIT
    assert not Message.objects.exists()
    assert used(world.account) == FREE.emails_per_month - 7
    [accepted] = submit([draft(world, recipients=SIX[:5])])
    assert len(accepted.message_ids) == 7


def test_the_copies_alone_carry_the_header_that_marks_them(world: World):
    copied(world, header="X-Copy: yes")
    submit([draft(world)])
    original, first, second = Message.objects.order_by("id")
    assert b"X-Copy" not in source_of(original)
    assert source_of(first) == source_of(second)
    assert source_of(first).count(b"X-Copy: yes\r\n") == 1


def test_what_was_accepted_keeps_its_mark_whatever_is_chosen_later(world: World):
    copied(world, header="X-Copy: yes")
    submit([draft(world)])
    row = Message.objects.get(recipient=COPIES[0])
    before = source_of(row)
    copied(world, addresses=(), header="")
    assert source_of(row) == before
    [accepted] = submit([draft(world)])
    assert len(accepted.message_ids) == 1


def test_a_repeated_hand_over_gets_the_same_ids_copies_included(world: World):
    copied(world)
    key = Idempotency("order-7", b"\1" * 32)
    [first] = submit([draft(world, idempotency=key)])
    copied(world, addresses=())
    [second] = submit([draft(world, idempotency=key)])
    assert (second.is_replay, second.message_ids) == (True, first.message_ids)
    assert len(first.message_ids) == used(world.account) == 3


def test_other_domains_and_the_platforms_own_mail_are_not_copied(world: World):
    copied(world)
    platform = make_platform()
    domain = platform.domains.get()
    auto_bcc.choose(domain, COPIES)
    sender = f"hello@{domain.name}"
    ours = draft(
        world,
        account_id=platform.pk,
        token_id=None,
        door=Door.INTERNAL,
        mail_from=sender,
        message=message(from_=sender),
    )
    theirs = draft(
        world,
        account_id=world.stranger_account.pk,
        token_id=world.stranger_token.pk,
        mail_from="charlie@stranger.test",
        message=message(from_="charlie@stranger.test"),
    )
    for outcome in submit([ours, theirs]):
        assert isinstance(outcome, Accepted)
        assert len(outcome.message_ids) == 1
    assert not Message.objects.filter(kind=RecipientKind.AUTO_BCC).exists()


def test_the_api_answers_with_the_ids_of_the_copies(world: World, client):
    copied(world)
    body = {
        "from": {"email": "alice@example.test"},
        "to": [{"email": f"t{number}@far.test"} for number in range(3)],
        "cc": [{"email": f"c{number}@far.test"} for number in range(3)],
        "subject": "Hello",
        "text": "Hi",
    }
    answer = client.post(
        "/api/send",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {world.secret}"},
    )
    assert answer.status_code == 200
    ids = answer.json()["message_ids"]
    assert len(set(ids)) == 8
    copies = Message.objects.filter(kind="auto_bcc").order_by("id").values_list("id", flat=True)
    assert [str(one) for one in copies] == ids[6:]


def test_mail_for_a_sandbox_is_not_copied(world: World):
    copied(world)
    [accepted] = submit([draft(world, sandbox_id=make_sandbox(world.account).pk)])
    assert len(accepted.message_ids) == 1
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_mail_by_smtp_is_copied_too(server, world):
    copied(world)
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.starttls(context=trusting_context())
        client.login("api", world.secret)
        client.sendmail("alice@example.test", [address for _, address in SIX], message())
    assert Message.objects.count() == used(world.account) == 8
    assert Message.objects.filter(kind="auto_bcc").count() == 2
