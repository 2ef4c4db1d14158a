"""The meter decides last, and exactly."""

import secrets
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from billing import subscriptions
from billing.models import UsageAlert, UsageDay, UsagePeriod
from billing.periods import period_of
from billing.plans import FREE, PLANS
from mailtrap_site import wake
from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.world import make_platform, make_token
from sending.models import Content, Door, Event, Message
from sending.policy import hints
from sending.policy.refusal import Reason
from sending.policy.standing import Standing
from sending.submission import group_commit
from sending.submission.flush import flush
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db


def use_all_but(account, left):
    period = period_of(account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        used=FREE.emails_per_month - left,
        message_limit=FREE.emails_per_month,
    )


def to(count):
    return tuple(("to", f"r{number}@far.test") for number in range(count))


def test_the_last_message_fits_and_the_next_is_refused(world):
    use_all_but(world.account, 1)
    [first], [second] = submit([draft(world)]), submit([draft(world)])
    assert isinstance(first, Accepted)
    assert second.reason is Reason.MONTHLY_LIMIT
    assert (second.status, second.error) == (403, "Monthly messages limit reached")
    assert str(second.reply) == "535 5.7.0 Monthly messages limit reached"


def test_a_mail_that_fits_only_in_part_is_refused_whole(world):
    use_all_but(world.account, 2)
    [refusal] = submit([draft(world, recipients=to(3))])
    assert refusal.reason is Reason.MONTHLY_LIMIT
    assert Message.objects.count() == 0


def test_a_batch_over_quota_is_split_in_order_and_spares_the_neighbours(world):
    use_all_but(world.account, 4)
    stranger = draft(
        world,
        account_id=world.stranger_account.pk,
        token_id=world.stranger_token.pk,
        mail_from="charlie@stranger.test",
        message=message(from_="charlie@stranger.test"),
    )
    sizes = (3, 2, 1)
    batch = [*(draft(world, recipients=to(size)) for size in sizes), stranger]
    outcomes = group_commit._flush_inline([prepare(one) for one in batch])
    assert [isinstance(one, Accepted) for one in outcomes] == [True, False, True, True]
    meters = dict(UsagePeriod.objects.values_list("account_id", "used"))
    assert meters == {world.account.pk: FREE.emails_per_month, world.stranger_account.pk: 1}


def test_refused_mail_is_not_metered(world):
    submit([draft(world, mail_from="x@mail.example.test", message=message(from_="x@mail.example.test"))])
    assert UsagePeriod.objects.count() == 0


def test_the_platforms_own_account_needs_no_token_and_no_quota(db, settings):
    account = make_platform()
    address = f"notices@{settings.PLATFORM_DOMAIN}"
    from sending.models import Stream
    from sending.submission.submit import Draft

    one = Draft(
        account_id=account.pk,
        token_id=None,
        stream=Stream.TRANSACTIONAL,
        door=Door.INTERNAL,
        client_ip=None,
        mail_from=address,
        recipients=(("to", "rita@far.test"),),
        message=message(from_=address),
    )
    [answer] = submit([one])
    assert isinstance(answer, Accepted)
    assert UsagePeriod.objects.count() == 0


def test_a_full_day_refuses_at_either_door_and_the_rest_of_it_is_still_taken(world):
    outcomes = [*submit([draft(world, recipients=to(149))]), *submit([draft(world, recipients=to(2))])]
    assert isinstance(outcomes[0], Accepted)
    assert outcomes[1].reason is Reason.DAILY_LIMIT
    assert (outcomes[1].status, outcomes[1].error) == (403, "Daily messages limit reached")
    assert str(outcomes[1].reply) == "550 5.7.1 Daily messages limit reached"
    assert isinstance(submit([draft(world)])[0], Accepted)


def test_a_token_with_a_limit_of_its_own_ends_there_while_another_sends_on(world):
    world.token.emails_per_month = 2
    world.token.save()
    other, _ = make_token(world.account, "Another")
    [refusal] = submit([draft(world, recipients=to(3))])
    assert (refusal.reason, refusal.status) == (Reason.TOKEN_LIMIT, 403)
    assert refusal.reply.code == 550
    assert isinstance(submit([draft(world, recipients=to(2))])[0], Accepted)
    assert submit([draft(world)])[0].reason is Reason.TOKEN_LIMIT
    assert isinstance(submit([draft(world, token_id=other.pk)])[0], Accepted)


def test_what_was_accepted_is_told_by_day_domain_and_token(world):
    submit([draft(world, recipients=to(3))])
    day = UsageDay.objects.get()
    assert (day.account, day.domain, day.stream) == (world.account, "example.test", "transactional")
    assert (day.token_id, day.used, day.period) == (world.token.pk, 3, UsagePeriod.objects.get())


def test_an_alert_is_recorded_with_the_mail_and_told_after_its_commit(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(wake, "send_now", lambda task, *, queue: sent.append((task, queue)))
    use_all_but(world.account, FREE.emails_per_month // 10 + 1)
    with django_capture_on_commit_callbacks(execute=True):
        submit([draft(world)])
        assert not sent
    wait_for(lambda: ("billing.tell_alerts", "upkeep") in sent, "the nudge")
    assert UsageAlert.objects.get().threshold == 90


def test_mail_that_waited_while_its_account_went_to_a_larger_plan_counts_in_the_new_period(world):
    use_all_but(world.account, 0)
    before = timezone.now()
    upgraded = before + timedelta(seconds=1)
    subscriptions.put_on(world.account, PLANS.newest("basic_10k"), subscriptions.By(), upgraded)
    [outcome] = flush(connection.connection, [prepare(draft(world))], before)
    assert isinstance(outcome, Accepted)
    meters = dict(UsagePeriod.objects.values_list("starts_at", "used"))
    assert (len(meters), meters[upgraded]) == (2, 1)
    assert Event.objects.get(message=outcome.message_ids[0]).occurred_at == upgraded


def test_the_cap_of_a_sub_account_and_what_all_share_are_refused_in_the_same_words(world):
    shared = Account.objects.create(name="Holding")
    Account.objects.filter(pk=world.account.pk).update(organization=shared, monthly_cap=2)
    assert isinstance(submit([draft(world)])[0], Accepted)
    assert submit([draft(world, recipients=to(2))])[0].reason is Reason.MONTHLY_LIMIT
    assert hints.nothing_left(world.account.pk, Standing(account_banned=False)) is None
    UsagePeriod.objects.filter(account=shared).update(used=FREE.emails_per_month)
    refusal = hints.nothing_left(world.account.pk, Standing(account_banned=False))
    assert refusal.reason is submit([draft(world)])[0].reason is Reason.MONTHLY_LIMIT
    large = message(body="\r\n".join(secrets.token_hex(35) for _ in range(12_000)))
    assert submit([draft(world, message=large)])[0].reason is Reason.MONTHLY_LIMIT
    assert Content.objects.count() == 1
    assert UsagePeriod.objects.get(account=world.account).used == 1
