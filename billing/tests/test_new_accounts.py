"""A new account sends little an hour until its mail has fared well; staff may decide otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, AuditEntry, Notification
from accounts.signup import open_account
from billing import new_accounts, overrides, subscriptions
from billing.models import QuotaOverride
from billing.newness import Conduct, reached, steps
from billing.plans import PLANS
from billing.subscriptions import By
from billing.terms import terms_of
from mailtrap_site.testing.world import World, make_domain, make_user
from sending.alerts.new_accounts import judge
from sending.models import DailyCount

NOW = datetime.now(UTC)
HOURLY = QuotaOverride.Term.EMAILS_PER_HOUR


@pytest.fixture
def account(world: World, settings: Any) -> Account:
    settings.ROUTE = "mx"
    return open_account(make_user("nina@new.test"), "Newcomers")


def sent(account: Account, **counts: int) -> None:
    domain = account.domains.first() or make_domain(account, "new.test")
    DailyCount.objects.create(account=account, domain=domain, stream="bulk", day=NOW.date(), **counts)


def an_hour(account: Account, now: datetime | None = None) -> int | None:
    return terms_of(account, now).emails_per_hour


@pytest.mark.parametrize(
    ("conduct", "step"),
    [
        (Conduct(0, 0, 0, 0), "new"),
        (Conduct(2, 10_000, 0, 0), "new"),
        (Conduct(3, 499, 0, 0), "new"),
        (Conduct(3, 500, 0.05, 0.001), "known"),
        (Conduct(3, 500, 0.051, 0), "new"),
        (Conduct(3, 500, 0, 0.0011), "new"),
        (Conduct(14, 2_999, 0, 0), "known"),
        (Conduct(14, 3_000, 0.01, 0), "trusted"),
    ],
)
def test_age_mail_and_rates_decide(conduct: Conduct, step: str) -> None:
    assert reached(conduct).name == step


def test_the_file_begins_with_the_contracts_150_and_ends_with_the_plan() -> None:
    assert [step.emails_per_hour for step in steps()] == [150, 1_000, None]


def test_a_new_account_sends_150_an_hour_even_on_a_paid_plan(account: Account) -> None:
    assert an_hour(account) == 150
    subscriptions.put_on(
        account, PLANS.newest("basic_50k"), By(make_user("s@p.test"), is_staff=True), NOW, stripe_id=""
    )
    assert an_hour(account) == 150
    entry = AuditEntry.objects.get(action="override.granted")
    assert (entry.actor_name, entry.by_staff) == ("system", False)


def test_good_mail_raises_it_step_by_step_and_its_people_are_told_once(account: Account) -> None:
    later = NOW + timedelta(days=4)
    sent(account, delivered=600, bounced=6)
    assert [judge(NOW), judge(later), judge(later)] == [0, 1, 0]
    assert an_hour(account, later) == 1_000
    sent_more = NOW + timedelta(days=15)
    DailyCount.objects.update(delivered=3_000)
    assert [judge(sent_more), judge(sent_more)] == [1, 0]
    assert an_hour(account, sent_more) is None
    told = Notification.objects.filter(kind="account.limit_raised").values_list("body", flat=True)
    assert len(told) == 2
    assert not new_accounts.running(sent_more).exists()


def test_mail_that_nobody_wants_raises_nothing(account: Account) -> None:
    sent(account, delivered=600, spam=2)
    assert judge(NOW + timedelta(days=4)) == 0
    assert an_hour(account) == 150


def test_a_step_never_gives_more_than_the_plan(account: Account) -> None:
    subscriptions.put_on(
        account, PLANS.newest("basic_10k"), By(make_user("s@p.test"), is_staff=True), NOW, stripe_id=""
    )
    sent(account, delivered=600)
    later = NOW + timedelta(days=4)
    judge(later)
    assert an_hour(account, later) == 800
    subscriptions.put_on(
        account, PLANS.newest("basic_50k"), By(make_user("t@p.test"), is_staff=True), NOW, stripe_id=""
    )
    later += timedelta(hours=1)
    assert judge(later) == 1
    assert an_hour(account, later) == 1_000


def test_staff_who_grant_a_limit_end_the_rule(account: Account) -> None:
    overrides.grant(account, HOURLY, 5_000, "Known customer", make_user("s@p.test"), NOW)
    assert an_hour(account) == 5_000
    assert judge(NOW + timedelta(days=1)) == 1
    assert an_hour(account) == 5_000
    assert judge(NOW + timedelta(days=20)) == 0


def test_on_the_development_route_nothing_is_guarded(world: World) -> None:
    assert an_hour(open_account(make_user("dev@new.test"), "Developers")) is None
