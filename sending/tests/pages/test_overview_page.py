"""The overview begins with its answer, and leads a new account to the first email step by step."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, ApiToken, Role, User
from billing import subscriptions
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import PLANS
from billing.subscriptions import By
from domains import demo
from domains.models import SendingDomain
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_user


def shown(client: Client, account: Account) -> str:
    response = client.get(f"/a/{account.pk}/")
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


def lead(page: str) -> str:
    found = re.search(r'<h1 class="lead">(.*?)</h1>', page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>", "", found[1])


def test_mail_is_flowing(world: World, as_alice: Client):
    make_message(world.domain)
    make_message(world.domain, status="deferred")
    assert lead(shown(as_alice, world.account)) == (
        "Mail is flowing. 2 emails accepted today, 1 delivered in a median of 1.8\N{NO-BREAK SPACE}s. "
        "1 is waiting for another try."
    )


def test_many_bounces_come_first(world: World, as_alice: Client):
    for n in range(5):
        make_message(world.domain, f"r{n}@gone.test", status="bounced")
    page = shown(as_alice, world.account)
    assert lead(page).startswith("Many emails bounce. 5 emails accepted today")
    assert "5 mailboxes at gone.test do not exist" in page
    assert f"/a/{world.account.pk}/log/?status=bounced&q=%40gone.test" in page


def test_a_suspension_comes_before_all(world: World, as_alice: Client):
    make_message(world.domain)
    Account.objects.filter(pk=world.account.pk).update(state="suspended", suspension_reason="Too many complaints.")
    assert lead(shown(as_alice, world.account)) == "Sending is suspended. Too many complaints."


def test_the_problems_and_figures_of_others_stay_hidden(world: World, as_alice: Client):
    make_message(world.stranger_domain, "x@gone.test", status="bounced")
    page = shown(as_alice, world.account)
    assert lead(page) == "Nothing sent yet. Three steps lead to the first email."
    assert "gone.test" not in page


def current_step(page: str) -> str:
    found = re.search(r'<li class="step step-current".*?<h2>(.*?)</h2>', page, re.DOTALL)
    assert found
    return found[1]


def test_the_next_step_follows_from_facts(world: World, signed_in: Callable[[User], Client]):
    client = signed_in(world.alice)
    assert current_step(shown(client, world.account)) == "Send the first email"
    ApiToken.objects.filter(account=world.account).delete()
    assert current_step(shown(client, world.account)) == "Make an API token"
    SendingDomain.objects.filter(account=world.account).update(dns_verified_at=None)
    page = shown(client, world.account)
    assert current_step(page) == "Verify a sending domain"
    assert f"/a/{world.account.pk}/domains/{world.domain.pk}/" in page
    SendingDomain.objects.all().delete()
    assert f"/a/{world.account.pk}/domains/add/" in shown(client, world.account)


def test_the_demo_domain_is_offered_until_a_domain_of_ones_own_may_send(world: World, as_alice: Client):
    own = demo.make(world.account)
    assert own is not None
    assert own.name not in shown(as_alice, world.account)
    SendingDomain.objects.filter(pk=world.domain.pk).update(dns_verified_at=None)
    page = shown(as_alice, world.account)
    assert f"Your demo domain {own.name} sends to you at once" in page
    assert "Verify a sending domain" in current_step(page), "the demo domain is no domain of one's own"
    SendingDomain.objects.filter(pk=own.pk).update(compliance_status="demo_exhausted", demo_emails_left=0)
    assert own.name not in shown(as_alice, world.account)


def test_the_meter_shows_the_limit_and_its_end(world: World, as_alice: Client):
    page = shown(as_alice, world.account)
    assert page.count('role="meter"') >= 2
    assert "4,000 are left; at this pace that is enough." in page


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LIMITED])
def test_each_role_sees_the_page_and_senders_the_button(role: Role, world: World, signed_in: Callable[[User], Client]):
    make_message(world.domain)
    page = shown(signed_in(make_user("member@acme.test", world.account, role)), world.account)
    assert ("Send a test email" in page) is (role in (Role.OWNER, Role.ADMIN))


def test_above_the_limit_it_says_that_mail_is_refused_only_where_no_more_was_agreed(world: World, as_alice: Client):
    now = timezone.now()
    subscriptions.put_on(world.account, PLANS.newest("basic_10k"), By(), now, stripe_id="sub_1")
    period = period_of(now, now)
    UsagePeriod.objects.create(
        account=world.account, starts_at=period.starts_at, ends_at=period.ends_at, used=10_700, message_limit=10_000
    )
    make_message(world.domain)
    assert "The limit is reached. Mail is refused until" in shown(as_alice, world.account)
    subscriptions.agree_overage(world.account, 2_000, By(world.alice))
    page = shown(as_alice, world.account)
    assert "The limit is reached. 700 of up to 2,000 more are sent and paid for" in page
    assert "refused" not in page
