"""The meter decides last, and exactly."""

import pytest
from django.utils import timezone

from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from mailtrap_site.testing.world import make_platform
from sending.models import Door, Message
from sending.policy.refusal import Reason
from sending.submission import group_commit
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
