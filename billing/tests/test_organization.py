"""Accounts that share a plan: made, capped, let go, stopped and closed; and what their own people see."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import closing, standing
from accounts.models import Account, AuditEntry, Membership, Notification, Role, User
from accounts.people import By
from billing import checkout, organization, requests, subscriptions, usage_letters
from billing.metering import usage
from billing.models import UsageAlert, UsagePeriod
from billing.organization import NotPossible
from billing.periods import period_of
from billing.plans import PLANS
from billing.terms import terms_of
from billing.tests.senders import ask, demand
from mailtrap_site.testing.world import World, make_user

BUSINESS = PLANS.newest("business_100k")


@pytest.fixture
def acme(world: World) -> World:
    subscriptions.put_on(world.account, BUSINESS, subscriptions.By(), timezone.now(), stripe_id="")
    return world


def add(acme: World, name: str = "Shop", cap: int | None = None) -> Account:
    return organization.create(acme.account, name, cap, acme.alice, By())


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def visit(user: User, account: Account, page: str, *ids: int, **post: Any) -> Any:
    url = reverse(f"billing:{page}", args=[account.pk, *ids])
    return client_of(user).post(url, post) if post else client_of(user).get(url)


def said(answer: Any) -> str:
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


def actions(account: Account) -> list[str]:
    return list(AuditEntry.objects.filter(account=account).order_by("pk").values_list("action", flat=True))


def test_an_owner_makes_one_sees_what_it_uses_caps_it_and_lets_it_go(acme: World) -> None:
    answer = visit(acme.alice, acme.account, "organization", name="Shop", cap="50")
    assert (answer.status_code, "Shop was added" in said(answer)) == (302, True)
    shop = Account.objects.get(organization=acme.account)
    assert (shop.name, shop.monthly_cap) == ("Shop", 50)
    assert Membership.objects.get(account=shop).user == acme.alice
    assert ask(demand(shop, 40), now=timezone.now()) == [None]
    page = visit(acme.alice, acme.account, "organization").content.decode()
    assert "1 of 10 sub-accounts share this plan." in page
    assert "used 40 of 100,000 emails" in page
    assert reverse("sending:overview", args=[shop.pk]) in page
    assert visit(acme.alice, acme.account, "sub_account_cap", shop.pk, cap="-1").status_code == 422
    assert "Shop sends 30 emails a month at most." in said(
        visit(acme.alice, acme.account, "sub_account_cap", shop.pk, cap="30")
    )
    assert AuditEntry.objects.filter(action="sub_account.capped").count() == 2
    entry = AuditEntry.objects.get(action="sub_account.capped", account=shop)
    assert (entry.actor, entry.changes) == (acme.alice, {"monthly_cap": {"from": 50, "to": 30}})
    assert "Free plan" in visit(acme.alice, acme.account, "sub_account_independence", shop.pk).content.decode()
    answer = visit(acme.alice, acme.account, "sub_account_independence", shop.pk, sure="yes")
    assert "Shop is independent now." in said(answer)
    shop.refresh_from_db()
    assert (shop.organization, shop.monthly_cap, terms_of(shop).plan) == (None, None, PLANS.free)
    assert (usage(shop).used, usage(acme.account).used) == (0, 40)
    assert ask(demand(shop, 2), now=timezone.now()) == [None]
    assert (usage(shop).used, usage(acme.account).used) == (2, 40)
    assert actions(shop)[-2:] == ["plan.changed", "sub_account.let_go"]
    assert actions(acme.account)[-1] == "sub_account.let_go"
    assert Notification.objects.filter(account=shop, kind="account.let_go").count() == 1
    periods = UsagePeriod.objects.filter(account=shop).order_by("starts_at")
    assert periods[0].ends_at == periods[1].starts_at


def test_only_owners_reach_it_and_only_their_own(acme: World) -> None:
    shop = add(acme)
    other = add(acme, "Other")
    for user, status in ((acme.bob, 403), (acme.vera, 403), (acme.charlie, 404)):
        assert visit(user, acme.account, "organization").status_code == status
        assert visit(user, acme.account, "sub_account_cap", shop.pk, cap="1").status_code == status
    for name in ("sub_account_cap", "sub_account_independence"):
        assert visit(acme.charlie, acme.stranger_account, name, shop.pk, cap="1").status_code == 404
        assert visit(acme.alice, shop, name, other.pk, cap="1").status_code == 404
    assert set(Account.objects.exclude(organization=None).values_list("monthly_cap", flat=True)) == {None}


def test_a_plan_includes_so_many_and_what_is_beyond_keeps_working(acme: World) -> None:
    for number in range(10):
        add(acme, str(number))
    with pytest.raises(NotPossible, match="All 10 sub-accounts"):
        add(acme)
    subscriptions.put_on(acme.account, PLANS.free, subscriptions.By(), timezone.now(), stripe_id="")
    page = visit(acme.alice, acme.account, "organization").content.decode()
    assert "All of them keep working, and no new one can be made." in page
    assert "Add a sub-account" not in page
    answer = visit(acme.alice, acme.account, "organization", name="Eleven")
    assert (answer.status_code, "no new one can be made" in answer.content.decode()) == (422, True)
    assert ask(demand(Account.objects.get(name="3"), 1), now=timezone.now()) == [None]
    with pytest.raises(NotPossible, match="can have no sub-accounts"):
        organization.create(Account.objects.get(name="3"), "Deeper", None, acme.alice, By())


def test_a_sub_account_has_no_plan_of_its_own_and_says_who_pays(acme: World) -> None:
    shop = add(acme)
    for name in ("plan", "invoices", "change", "organization"):
        answer = visit(acme.alice, shop, name)
        assert (answer.status_code, "Acme pays for this account" in answer.content.decode()) == (200, True)
    for name in ("overage", "checkout", "change", "keep", "portal", "plan_request"):
        answer = visit(acme.alice, shop, name, plan="basic_10k", emails="5", reason="More")
        assert (answer.status_code, "Acme pays for this account" in answer.content.decode()) == (403, True)
    for act in (
        lambda: checkout.begin(shop, PLANS.newest("basic_10k"), acme.alice, timezone.now()),
        lambda: checkout.change(shop, PLANS.newest("basic_10k"), timezone.now()),
        lambda: checkout.portal(shop, "/"),
    ):
        with pytest.raises(checkout.NotPossible, match="Acme pays for it"):
            act()
    with pytest.raises(ValueError, match="Acme pays for it"):
        subscriptions.put_on(shop, BUSINESS, subscriptions.By(), timezone.now(), stripe_id="")
    with pytest.raises(ValueError, match="Acme pays for it"):
        requests.ask_for_plan(shop, BUSINESS, "Please", acme.alice)


def test_the_letter_about_a_cap_goes_to_its_own_people_and_offers_nothing(acme: World, mailoutbox: list[Any]) -> None:
    shop = add(acme, cap=10)
    pat = make_user("pat@shop.test", shop, Role.BILLING)
    now = timezone.now()
    assert ask(demand(shop, 9), now=now) == [None]
    assert usage_letters.tell_due(now) == 1
    told = Notification.objects.filter(kind="usage.alert")
    assert {one.user for one in told} == {acme.alice, pat}
    assert {one.account for one in told} == {shop}
    assert "This is the cap that Acme set for this account." in told[0].body
    assert "a month" not in told[0].body
    assert told[0].path == reverse("billing:usage", args=[shop.pk])
    assert UsageAlert.objects.filter(account=acme.account).count() == 0
    page = visit(acme.alice, shop, "usage").content.decode()
    assert "9 of 10 emails used" in page
    assert "Acme set this cap." in page


def test_when_the_shared_emails_are_used_up_its_people_see_why(acme: World) -> None:
    shop, now = add(acme), timezone.now()
    period = period_of(terms_of(acme.account).anchor, now)
    moments = {"starts_at": period.starts_at, "ends_at": period.ends_at}
    UsagePeriod.objects.create(account=acme.account, used=BUSINESS.emails_per_month, message_limit=0, **moments)
    page = client_of(acme.alice).get(reverse("accounts:tokens", args=[shop.pk])).content.decode()
    assert "The emails that Acme shares are used up" in page
    assert reverse("billing:usage", args=[shop.pk]) in page
    shares = visit(acme.alice, shop, "usage").content.decode()
    assert "This account has no cap: it shares the emails of Acme." in shares


def test_an_organisations_usage_page_says_what_each_account_used_and_not_from_which_domains(acme: World) -> None:
    ask(demand(add(acme), 30, domain="secret.test"), demand(acme.account, 12), now=timezone.now())
    page = visit(acme.alice, acme.account, "usage").content.decode()
    assert "By account" in page
    assert "42 of 100,000 emails used" in page
    assert "secret.test" not in page


def test_what_is_done_to_an_organisation_is_done_to_its_sub_accounts(acme: World) -> None:
    one, other, staff = add(acme, "One"), add(acme, "Other"), make_user("staff@desk.test")
    assert standing.suspend(other, "Its own fault", staff=staff)
    assert standing.suspend(acme.account, "Spam", staff=staff)

    def states() -> list[str]:
        return [Account.objects.get(pk=account.pk).state for account in (acme.account, one, other)]

    assert states() == ["suspended"] * 3
    assert actions(one)[-1] == actions(other)[-1] == "account.suspended"
    with pytest.raises(NotPossible, match="Neither account may be suspended"):
        organization.let_go(one, By(), timezone.now())
    with pytest.raises(NotPossible, match="takes no sub-accounts"):
        add(acme, "New")
    assert standing.release(acme.account, staff=staff)
    assert states() == ["active", "active", "suspended"]
    assert standing.ban(acme.account, "Fraud", staff=staff)
    assert states() == ["banned"] * 3
    assert actions(one)[-1] == "account.banned"


def test_an_organisation_is_not_closed_before_its_sub_accounts(acme: World) -> None:
    shop = add(acme)
    client = client_of(acme.alice)
    url = reverse("accounts:closing", args=[acme.account.pk])
    assert "Make each of them independent, or close it, first." in client.get(url).content.decode()
    assert client.post(url, {"name": "Acme"}).status_code == 422
    assert not closing.ask(acme.account, acme.alice)
    organization.let_go(shop, By(), timezone.now())
    assert "/reauthenticate/" in client.get(url)["Location"]
    assert closing.ask(acme.account, acme.alice)
