"""That a limit is near is told once, to those who pay, with what happens next."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.links import Link, read_link
from accounts.models import Account, Membership, Notification, Role
from accounts.tests.letters import html_of, link_of
from billing.models import UsageAlert, UsagePeriod
from billing.periods import Period, period_of
from billing.plans import PLANS
from billing.quota import judge
from billing.tasks import tell_alerts
from billing.tests.senders import LIMIT, NOW, ask, demand, grant, make_account
from billing.usage_letters import tell_due
from billing.usage_words import Payer, words_for
from mailtrap_site.celery import app
from mailtrap_site.testing.world import World, make_user

DECEMBER = Period(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
MIDDLE = datetime(2026, 12, 16, tzinfo=UTC)


def near_the_limit() -> Account:
    """80 percent are used, and nobody was told."""
    account = make_account(used=LIMIT * 8 // 10 - 1, emails_per_day=None)
    make_user("olga@acme.test", account, Role.OWNER)
    ask(demand(account))
    return account


def words(threshold: int, used: int, limit: int, *, cap: int = 0, of: str = "limit", plan: str = "basic_10k") -> str:
    """Title and body as one text."""
    alert = UsageAlert(of=of, threshold=threshold, limit=cap if of == "overage" else limit, used=used)
    payer = Payer("Acme", PLANS.newest(plan), by_card=True)
    told = words_for(alert, judge(used, limit, DECEMBER, MIDDLE, cap), payer, MIDDLE)
    return f"{told.title}\n\n{told.body}".replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.django_db
def test_an_alert_is_told_once(django_capture_on_commit_callbacks):
    account = near_the_limit()
    with django_capture_on_commit_callbacks(execute=True):
        assert tell_due(NOW) == 1
        assert tell_due(NOW) == 0
    one = Notification.objects.get()
    assert (one.account, one.kind, one.level, one.path) == (account, "usage.alert", "info", f"/a/{account.pk}/plan/")
    [letter] = mail.outbox
    assert one.title == "Acme has used 80\N{NO-BREAK SPACE}% of this month’s emails"
    assert letter.subject == "Acme has used 80 % of this month’s emails"
    assert link_of(letter) == Link(one.user.pk, one.path)
    assert UsageAlert.objects.get().told_at == NOW


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_at_once_one_tells():
    near_the_limit()
    together = Barrier(2)

    def run(_: int) -> int:
        try:
            together.wait(30)
            return tell_due(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(run, range(2))) == [0, 1]
    assert Notification.objects.count() == len(mail.outbox) == 1


@pytest.mark.django_db
def test_what_fails_before_the_commit_is_told_by_the_next_run_and_stops_no_other():
    broken = near_the_limit()
    alert = UsageAlert.objects.filter(account=broken)
    alert.update(threshold=85)  # which no letter has words for
    sound = make_account("Sound", used=LIMIT * 9 // 10 - 1, emails_per_day=None)
    make_user("sue@sound.test", sound)
    ask(demand(sound))
    assert tell_due(NOW) == 1
    assert [one.account for one in Notification.objects.all()] == [sound]
    assert UsageAlert.objects.get(account=broken).told_at is None
    alert.update(threshold=80)
    assert tell_due(NOW) == 1


@pytest.mark.django_db
def test_owners_and_those_who_pay_are_told_and_nobody_else():
    account = near_the_limit()
    for role in (Role.ADMIN, Role.BILLING, Role.VIEWER):
        make_user(f"{role.value}@acme.test", account, role)
    tell_due(NOW)
    assert {one.user.email for one in Notification.objects.all()} == {"olga@acme.test", "billing@acme.test"}


@pytest.mark.django_db
def test_of_thresholds_that_were_reached_one_after_the_other_the_higher_alone_is_told():
    account = near_the_limit()
    ask(demand(account, LIMIT // 10))
    assert tell_due(NOW) == 1
    assert "90" in Notification.objects.get().title
    assert not UsageAlert.objects.filter(told_at=None).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["the period is over", "the limit is another"])
def test_what_is_true_no_more_is_marked_and_not_told(change: str):
    account = near_the_limit()
    if change == "the limit is another":
        grant(account, "emails_per_month", 9_000)
    assert tell_due(NOW + timedelta(days=40 if change == "the period is over" else 0)) == 0
    assert not UsageAlert.objects.filter(told_at=None).exists()
    assert not Notification.objects.exists()


def test_before_the_limit_it_says_when_it_is_reached_and_what_then_happens():
    text = words(80, 8_000, 10_000)
    assert text.startswith("Acme has used 80 % of this month’s emails\n\n8,000 of 10,000 emails are used.")
    assert "At this pace the rest lasts until Saturday, 19 December." in text
    assert "When it is full, new mail is refused until 1 January; nothing already accepted is lost." in text


def test_the_one_plan_that_fits_is_named_with_what_it_costs_now_and_a_month():
    assert "Basic 50K gives you 50,000 emails for $5 more a month ($2.58 for the rest of this one)." in words(
        80, 8_000, 10_000
    )
    free = judge(3_200, 4_000, DECEMBER, MIDDLE)
    alert = UsageAlert(of="limit", threshold=80, limit=4_000, used=3_200)
    told = words_for(alert, free, Payer("Acme", PLANS.free), MIDDLE).body
    assert "Basic 10K gives you 10,000 emails for $15 a month." in told
    unpaid = words_for(alert, free, Payer("Acme", PLANS.free, prices=False), MIDDLE).body
    assert "Basic 10K has room for what you send: 10,000 emails a month." in unpaid
    assert "$" not in unpaid


def test_a_pace_that_lasts_is_said_to_last():
    told = words_for(
        UsageAlert(of="limit", threshold=90, limit=10_000, used=9_000),
        judge(9_000, 10_000, DECEMBER, DECEMBER.ends_at - timedelta(days=1)),
        Payer("Acme", PLANS.newest("basic_10k")),
        DECEMBER.ends_at - timedelta(days=1),
    )
    assert "90\N{NO-BREAK SPACE}%" in told.title
    assert "At this pace the rest lasts until the meter starts again on 1\N{NO-BREAK SPACE}January." in told.body
    assert told.emphasis == ""


def test_at_the_limit_it_says_that_mail_is_refused():
    text = words(100, 10_000, 10_000)
    assert text.startswith("Acme has used all of this month’s emails")
    assert "New mail is refused until 1 January; nothing already accepted is lost." in text
    assert "At this pace" not in text


def test_where_overage_is_agreed_it_says_what_it_costs_and_where_it_ends():
    assert "up to 2,000 more emails are billed, at $1 per thousand." in words(90, 9_000, 10_000, cap=2_000)
    at_the_limit = words(100, 10_000, 10_000, cap=2_000)
    assert "Each further email is sent and billed, at $1 per thousand, up to 2,000 above the limit." in at_the_limit
    near_its_end = words(80, 11_600, 10_000, cap=2_000, of="overage")
    assert "1,600 of 2,000 emails above the limit went out." in near_its_end
    assert "At this pace the rest lasts until Wednesday, 16 December." in near_its_end
    assert "New mail is refused until 1 January" in words(100, 12_000, 10_000, cap=2_000, of="overage")


@pytest.mark.parametrize(
    ("threshold", "used", "cap", "of", "percent", "tone"),
    [
        (80, 8_214, 0, "limit", 82, "warn"),
        (100, 10_400, 0, "limit", 100, "bad"),
        (80, 11_600, 2_000, "overage", 80, "warn"),
    ],
)
def test_the_meter_is_drawn_as_far_as_it_is_full(threshold, used, cap, of, percent, tone):
    alert = UsageAlert(of=of, threshold=threshold, limit=cap or 10_000, used=used)
    payer = Payer("Acme", PLANS.newest("basic_10k"))
    meter = words_for(alert, judge(used, 10_000, DECEMBER, MIDDLE, cap), payer, MIDDLE).meter
    assert (meter.percent, meter.tone, meter.start) == (percent, tone, "0")
    assert meter.end == f"{cap or 10_000:,} · resets 1\N{NO-BREAK SPACE}January"


@pytest.mark.django_db
def test_the_letter_shows_meter_day_and_why_and_where_it_is_stopped(django_capture_on_commit_callbacks):
    account = near_the_limit()
    with django_capture_on_commit_callbacks(execute=True):
        tell_due(NOW)
    [letter] = mail.outbox
    html = html_of(letter)
    assert 'class="meter-warn" width="80%"' in html
    assert f"{LIMIT:,} · resets" in html
    assert ">See usage and plans</a>" in html
    assert "as a member of the account" in letter.body
    assert "once each in a period" in " ".join(letter.body.split())
    [token] = re.findall(r"^Stop usage letters: http://localhost:8020/l/(\S+)/$", str(letter.body), re.MULTILINE)
    assert read_link(token).path == f"/a/{account.pk}/letters/"
    assert f"/l/{token}/" in html


@pytest.mark.django_db
def test_who_stopped_the_letters_is_told_in_the_dashboard_alone(django_capture_on_commit_callbacks):
    account = near_the_limit()
    make_user("bill@acme.test", account, Role.BILLING)
    Membership.objects.filter(user__email="olga@acme.test").update(stopped_letters=["usage.alert"])
    with django_capture_on_commit_callbacks(execute=True):
        tell_due(NOW)
    assert [letter.to for letter in mail.outbox] == [["bill@acme.test"]]
    assert Notification.objects.count() == 2


def test_on_the_largest_plan_none_is_offered():
    assert "gives you" not in words(80, 4_000_000, 5_000_000, plan="enterprise_custom")


@pytest.mark.django_db
def test_a_raised_limit_tells_anew_of_mail_that_is_submitted(world: World):
    from sending.submission.submit import Accepted, submit
    from sending.tests.drafts import draft

    period = period_of(world.account.created_at, timezone.now())
    meter = {"starts_at": period.starts_at, "ends_at": period.ends_at, "message_limit": LIMIT}
    UsagePeriod.objects.create(account=world.account, used=LIMIT * 8 // 10 - 1, **meter)
    for limit in (LIMIT, LIMIT + 100):
        if limit > LIMIT:
            grant(world.account, "emails_per_month", limit)
            UsagePeriod.objects.update(used=limit * 9 // 10 - 1)
        assert isinstance(submit([draft(world)])[0], Accepted)
        tell_alerts()
        assert isinstance(submit([draft(world)])[0], Accepted)
        tell_alerts()
    titles = list(Notification.objects.order_by("pk").values_list("title", flat=True))
    assert [title.replace("\N{NO-BREAK SPACE}", " ").partition(" used ")[2][:4] for title in titles] == ["80 %", "90 %"]


def test_the_task_is_on_the_beat():
    entry = app.conf.beat_schedule["tell usage alerts"]
    assert (entry["task"], entry["schedule"]) == ("billing.tell_alerts", 600)
