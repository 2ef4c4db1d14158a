"""Mail of a demo domain: to the account's owners alone, and to the last email of its allowance, exactly."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from billing.models import QuotaOverride, UsagePeriod
from domains import demo
from domains.models import SendingDomain
from mailtrap_site.testing.world import make_user
from sending.models import Message
from sending.models.statements import raw_cursor
from sending.policy.refusal import Reason
from sending.queue.claim import claim
from sending.queue.gate import hold_back
from sending.submission import group_commit
from sending.submission.draft import Idempotency
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message


@pytest.fixture
def domain(world):
    return demo.make(world.account)


def leave(domain, left):
    SendingDomain.objects.filter(pk=domain.pk).update(demo_emails_left=left)


def mail(world, domain, *recipients, **changes):
    sender = f"hello@{domain.name}"
    named = tuple(("to", one) for one in recipients or ("alice@acme.test",))
    return draft(world, mail_from=sender, recipients=named, message=message(from_=sender), **changes)


def standing(domain):
    row = SendingDomain.objects.get(pk=domain.pk)
    return row.demo_emails_left, row.compliance_status


@pytest.mark.django_db
def test_its_owner_gets_mail_and_the_allowance_and_the_plan_count_it(world, domain):
    [outcome] = submit([mail(world, domain)])
    assert isinstance(outcome, Accepted)
    assert standing(domain) == (99, "demo")
    assert UsagePeriod.objects.get(account=world.account).used == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("recipients", "is_accepted"),
    [
        (["ALICE@Acme.test"], True),
        (["alice@acme.test", "olga@acme.test"], True),
        (["rita@far.test"], False),
        (["bob@acme.test"], False),
        (["alice@acme.test", "rita@far.test"], False),
        (["alice+x@acme.test"], False),
        (["alice@home.test"], False),
        (["charlie@strangers.test"], False),
    ],
    ids=lambda value: str(value),
)
def test_only_confirmed_addresses_of_owners_are_reached(world, domain, recipients, is_accepted):
    make_user("olga@acme.test", world.account)
    EmailAddress.objects.create(user=world.alice, email="alice@home.test", verified=False)
    [outcome] = submit([mail(world, domain, *recipients)])
    assert isinstance(outcome, Accepted) is is_accepted
    if not is_accepted:
        assert (outcome.reason, outcome.status) == (Reason.DEMO_RECIPIENT, 403)
        assert str(outcome.reply) == "550 5.7.1 A demo domain sends to the account owner only"
        assert standing(domain) == (100, "demo")
        assert not Message.objects.exists()


@pytest.mark.django_db
def test_who_is_no_owner_any_more_is_not_reached(world, domain):
    world.account.memberships.filter(user=world.alice).update(role="admin")
    [outcome] = submit([mail(world, domain)])
    assert outcome.reason is Reason.DEMO_RECIPIENT


@pytest.mark.django_db
def test_the_last_email_is_sent_and_the_next_refused_at_the_first_word(world, domain):
    leave(domain, 1)
    [first] = submit([mail(world, domain)])
    assert isinstance(first, Accepted)
    assert standing(domain) == (0, "demo_exhausted")
    [second] = submit([mail(world, domain)])
    assert (second.reason, second.status) == (Reason.DEMO_EXHAUSTED, 403)
    assert str(second.reply) == "550 5.7.1 The emails of the demo domain are used up"
    assert UsagePeriod.objects.get(account=world.account).used == 1


@pytest.mark.django_db
def test_a_mail_that_fits_only_in_part_is_refused_whole_and_costs_nothing(world, domain):
    make_user("olga@acme.test", world.account)
    leave(domain, 1)
    [outcome] = submit([mail(world, domain, "alice@acme.test", "olga@acme.test")])
    assert outcome.reason is Reason.DEMO_EXHAUSTED
    assert standing(domain) == (1, "demo")
    assert not UsagePeriod.objects.filter(used__gt=0).exists()


@pytest.mark.django_db
def test_what_is_left_goes_to_the_first_of_a_flush_and_the_accounts_own_domain_goes_on(world, domain):
    leave(domain, 2)
    batch = [*(mail(world, domain) for _ in range(3)), draft(world)]
    outcomes = group_commit._flush_inline([prepare(one) for one in batch])
    assert [isinstance(one, Accepted) for one in outcomes] == [True, True, False, True]
    assert standing(domain) == (0, "demo_exhausted")
    assert UsagePeriod.objects.get(account=world.account).used == 3


@pytest.mark.django_db
def test_what_the_plan_refuses_costs_nothing_of_the_allowance(world, domain):
    QuotaOverride.objects.create(account=world.account, term="emails_per_day", value=1, reason="A test.")
    outcomes = group_commit._flush_inline([prepare(mail(world, domain)) for _ in range(3)])
    assert [isinstance(one, Accepted) for one in outcomes] == [True, False, False]
    assert standing(domain) == (99, "demo")


@pytest.mark.django_db
def test_a_repeated_hand_over_is_counted_once(world, domain):
    again = {"idempotency": Idempotency("one", b"1" * 32)}
    first, second = submit([mail(world, domain, **again)]), submit([mail(world, domain, **again)])
    assert first[0].message_ids == second[0].message_ids
    assert standing(domain) == (99, "demo")


@pytest.mark.django_db
def test_the_last_emails_leave_although_the_allowance_is_used_up(world, domain):
    leave(domain, 1)
    submit([mail(world, domain)])
    assert standing(domain) == (0, "demo_exhausted")
    cursor, now = raw_cursor(), timezone.now() + timedelta(seconds=1)
    claims = claim(cursor, now=now, lease=timedelta(minutes=1))
    assert [one.recipient for one in hold_back(cursor, claims, now)] == ["alice@acme.test"]


@pytest.mark.django_db(transaction=True)
def test_whoever_sends_at_once_the_allowance_is_kept_to_the_email(world, domain):
    leave(domain, 7)

    def send(_):
        try:
            return group_commit._flush_inline([prepare(mail(world, domain)) for _ in range(3)])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        outcomes = [one for found in threads.map(send, range(4)) for one in found]
    assert sum(isinstance(one, Accepted) for one in outcomes) == 7
    assert {one.reason for one in outcomes if not isinstance(one, Accepted)} == {Reason.DEMO_EXHAUSTED}
    assert standing(domain) == (0, "demo_exhausted")
    assert Message.objects.filter(domain=domain).count() == 7
    assert UsagePeriod.objects.get(account=world.account).used == 7


@pytest.mark.django_db(transaction=True)
def test_the_api_says_why_in_words(world, domain):
    body = {
        "from": {"email": f"hello@{domain.name}"},
        "to": [{"email": "rita@far.test"}],
        "subject": "Hello",
        "text": "Hi",
    }
    headers = {"Authorization": f"Bearer {world.secret}"}
    answer = Client().post("/api/send", json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code == 403
    said = answer.json()
    assert said["errors"] == ["Demo domain sends to the account owner only"]
    assert said["details"][0]["code"] == "demo_recipient"
