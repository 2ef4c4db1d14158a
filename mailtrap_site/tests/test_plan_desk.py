"""Staff see an account's plan and limits and where they come from, and change them with a reason that is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, User
from billing import compare, overrides, requests, subscriptions
from billing.models import QuotaOverride, SupportRequest
from billing.periods import period_of
from billing.plans import FREE, PLANS
from billing.subscriptions import By
from billing.terms import terms_of
from billing.tests.stripe_world import Paying, stripe_at_hand
from mailtrap_site.testing.world import World, make_user

BASIC = PLANS.newest("basic_10k")


@pytest.fixture
def sam(world: World) -> User:
    return User.objects.create_superuser("sam@platform.test")


@pytest.fixture
def staff(sam: User) -> Client:
    client = Client()
    client.force_login(sam)
    return client


@pytest.fixture
def paying(world: World, settings: Any) -> Iterator[Paying]:
    with stripe_at_hand(settings) as fake:
        yield Paying(fake, world.account, world.alice)


def path(world: World, act: str = "") -> str:
    return f"/admin/plans/{world.account.pk}/{act}"


def test_the_page_says_which_limits_come_from_an_override(world: World, sam: User, staff: Client) -> None:
    subscriptions.put_on(world.account, BASIC, By(sam, is_staff=True), timezone.now(), stripe_id="sub_123")
    subscriptions.know_customer(world.account, "cus_123")
    overrides.grant(world.account, QuotaOverride.Term.EMAILS_PER_MONTH, 12_345, "A launch", sam, timezone.now())
    page = staff.get(path(world)).text
    for words in ("Basic 10K", "sub_123", "cus_123", "12,345", "an override; the plan says 10,000", "A launch"):
        assert words in page


def test_a_granted_limit_lasts_until_the_period_ends(world: World, staff: Client) -> None:
    asked = {"term": "emails_per_month", "value": "9000", "until": "period", "reason": "A launch"}
    assert staff.post(path(world, "grant/"), asked)["Location"] == path(world)
    row = QuotaOverride.objects.get()
    assert row.ends_at == period_of(world.account.created_at, timezone.now()).ends_at
    assert terms_of(world.account).emails_per_month == 9_000
    entry = AuditEntry.objects.get(action="override.granted")
    assert (entry.by_staff, entry.actor_name, entry.changes["reason"]["to"]) == (True, "sam@platform.test", "A launch")


def test_no_limit_at_all_is_ticked_and_lasts_until_it_is_taken_back(world: World, staff: Client) -> None:
    asked = {"term": "emails_per_day", "no_limit": "on", "until": "open", "reason": "A partner"}
    staff.post(path(world, "grant/"), asked)
    row = QuotaOverride.objects.get()
    assert (row.value, row.ends_at) == (None, None)
    where = f"/admin/overrides/{row.pk}/end/"
    assert where in staff.get(path(world)).text
    assert staff.post(where, {"reason": ""}).status_code == 422
    assert staff.post(where, {"reason": "They left"}).status_code == 302
    assert terms_of(world.account).emails_per_day == FREE.emails_per_day
    assert "ended already" in staff.post(where, {"reason": "Again"}).text


@pytest.mark.parametrize(
    "changed",
    [
        {"value": ""},
        {"no_limit": "on"},
        {"reason": " "},
        {"term": "log_days", "value": "", "no_limit": "on"},
        {"until": ""},
    ],
)
def test_a_grant_that_does_not_stand_changes_nothing(changed: dict[str, str], world: World, staff: Client) -> None:
    asked = {"term": "emails_per_month", "value": "9000", "until": "period", "reason": "A launch"}
    assert staff.post(path(world, "grant/"), asked | changed).status_code == 422
    assert not QuotaOverride.objects.exists()


def test_a_plan_is_assigned_with_a_reason(world: World, staff: Client) -> None:
    assert staff.post(path(world, "assign/"), {"plan": "enterprise_custom", "reason": ""}).status_code == 422
    assert staff.post(path(world, "assign/"), {"plan": "enterprise_custom", "reason": "Contract 7"}).status_code == 302
    assert terms_of(world.account).plan.code == "enterprise_custom"
    entry = AuditEntry.objects.get(action="plan.changed")
    assert (entry.by_staff, entry.changes["reason"]["to"]) == (True, "Contract 7")


def test_who_pays_at_stripe_is_not_taken_off_it_without_a_warning(world: World, sam: User, staff: Client) -> None:
    assert "pays at Stripe" not in staff.get(path(world, "assign/")).text
    subscriptions.put_on(world.account, BASIC, By(sam, is_staff=True), timezone.now(), stripe_id="sub_123")
    assert "This account pays at Stripe (sub_123)" in staff.get(path(world, "assign/")).text


def test_grace_lasts_to_the_end_of_the_day_that_was_chosen(world: World, sam: User, staff: Client) -> None:
    last = datetime.now(UTC).date() + timedelta(days=7)
    asked = {"until": last.isoformat(), "reason": "The bank was closed"}
    assert "needs no grace" in staff.post(path(world, "grace/"), asked).text
    subscriptions.put_on(world.account, BASIC, By(sam, is_staff=True), timezone.now())
    assert staff.post(path(world, "grace/"), asked).status_code == 302
    until = subscriptions.subscription_of(world.account).grace_until
    assert until is not None
    assert until.date() == last + timedelta(days=1)
    assert AuditEntry.objects.get(action="plan.grace").changes["reason"]["to"] == "The bank was closed"
    for wrong in (-1, 91):
        day = datetime.now(UTC).date() + timedelta(days=wrong)
        assert staff.post(path(world, "grace/"), asked | {"until": day.isoformat()}).status_code == 422


def test_open_requests_stand_oldest_first_and_are_counted_in_the_side(world: World, staff: Client) -> None:
    assert "Nobody waits for an answer" in staff.get("/admin/requests/").text
    requests.ask_for_plan(world.stranger_account, BASIC, "We grow", world.charlie)
    newer = requests.ask_for_size(world.account, "Contracts", world.alice)
    SupportRequest.objects.filter(pk=newer.pk).update(asked_at=timezone.now() - timedelta(days=3))
    page = staff.get("/admin/requests/").text
    assert page.index("Acme asks for messages of") < page.index("Strangers asks for the plan Basic 10K")
    side = staff.get("/admin/accounts/account/").text
    assert (
        side.split("contact_support")[1].split("</a>")[0].split("<span")[-1].split(">")[1].split("<")[0].strip() == "2"
    )
    assert "Acme asks for" in staff.get(path(world)).text


def test_a_request_is_answered_with_words_for_the_customer(world: World, staff: Client) -> None:
    asked = requests.ask_for_size(world.account, "Contracts", world.alice)
    where = f"/admin/requests/{asked.pk}/"
    assert staff.post(where, {"verdict": "grant", "answer": ""}).status_code == 422
    assert staff.post(where, {"verdict": "grant", "answer": "Enjoy"})["Location"] == "/admin/requests/"
    assert Account.objects.get(pk=world.account.pk).max_message_bytes == 31_457_280
    assert AuditEntry.objects.get(action="request.granted").by_staff
    answered = staff.get(where).text
    assert "Enjoy" in answered
    assert "<textarea" not in answered
    staff.post(where, {"verdict": "decline", "answer": "No"})
    assert SupportRequest.objects.get().state == "granted"


def test_who_may_only_look_changes_nothing(world: World) -> None:
    helper = make_user("helper@platform.test")
    helper.is_staff = True
    helper.save()
    client = Client()
    client.force_login(helper)
    assert client.get(path(world)).status_code == 403
    looks = Permission.objects.filter(codename__in=("view_subscription", "view_supportrequest"))
    helper.user_permissions.set(looks)
    asked = requests.ask_for_size(world.account, "Contracts", world.alice)
    override = overrides.grant(world.account, QuotaOverride.Term.USERS, 7, "x", world.charlie, timezone.now())
    page = client.get(path(world))
    assert page.status_code == 200
    assert "Grant a limit" not in page.text
    assert "Take back" not in page.text
    for where in (
        path(world, "grant/"),
        path(world, "assign/"),
        path(world, "grace/"),
        f"/admin/overrides/{override.pk}/end/",
        f"/admin/requests/{asked.pk}/",
    ):
        assert client.get(where).status_code == 403
        assert client.post(where, {"reason": "x"}).status_code == 403


def test_customers_do_not_enter(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    for where in (path(world), path(world, "assign/"), "/admin/requests/"):
        assert client.get(where).status_code in (302, 403)


def test_emails_above_the_limit_are_allowed_with_a_reason_where_no_card_pays(world: World, staff: Client) -> None:
    subscriptions.put_on(world.account, BASIC, By(is_staff=True, reason="A partner"), timezone.now())
    assert path(world, "overage/") in staff.get(path(world)).text
    assert "Nothing bills them" in staff.get(path(world, "overage/")).text
    assert staff.post(path(world, "overage/"), {"emails": "500", "reason": ""}).status_code == 422
    assert staff.post(path(world, "overage/"), {"emails": "5001", "reason": "Too many"}).status_code == 422
    assert staff.post(path(world, "overage/"), {"emails": "500", "reason": "By invoice"})["Location"] == path(world)
    assert terms_of(world.account).overage_cap == 500
    entry = AuditEntry.objects.get(action="plan.overage")
    assert (entry.by_staff, entry.changes["reason"]["to"]) == (True, "By invoice")


def test_a_plan_is_assigned_to_who_pays_at_stripe_only_with_the_end_of_that(
    paying: Paying, world: World, staff: Client
) -> None:
    paying.subscribe("business_100k")
    asked = {"plan": "enterprise_custom", "reason": "Contract 7"}
    refused = staff.post(path(world, "assign/"), asked)
    assert refused.status_code == 422
    assert "Agree to end the subscription at Stripe" in refused.text
    assert terms_of(world.account).plan.code == "business_100k"
    assert staff.post(path(world, "assign/"), asked | {"end_stripe": "on"}).status_code == 302
    assert paying.fake.books.all("subscriptions")[0]["status"] == "canceled"
    compare.compare(timezone.now())
    assert terms_of(world.account).plan.code == "enterprise_custom"
    assert "End the subscription at Stripe now" not in staff.get(path(world, "assign/")).text


def test_a_request_of_who_pays_at_stripe_is_granted_only_with_the_end_of_that(
    paying: Paying, world: World, staff: Client
) -> None:
    paying.subscribe("business_100k")
    row = requests.ask_for_plan(world.account, PLANS.newest("enterprise_custom"), "A launch", world.alice)
    where = f"/admin/requests/{row.pk}/"
    asked = {"verdict": "grant", "answer": "Gladly"}
    assert "Agree to end the subscription at Stripe" in staff.post(where, asked).text
    assert SupportRequest.objects.get().is_open
    assert staff.post(where, asked | {"end_stripe": "on"}).status_code == 302
    assert terms_of(world.account).plan.code == "enterprise_custom"
    assert paying.fake.books.all("subscriptions")[0]["status"] == "canceled"


def test_nothing_is_assigned_where_stripe_does_not_end_it(
    paying: Paying, world: World, staff: Client, settings: Any
) -> None:
    paying.subscribe("business_100k")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    asked = {"plan": "enterprise_custom", "reason": "Contract 7", "end_stripe": "on"}
    assert "nothing was assigned" in staff.post(path(world, "assign/"), asked).text
    assert terms_of(world.account).plan.code == "business_100k"


def test_the_page_lists_invoices_and_events_of_stripe(paying: Paying, world: World, staff: Client) -> None:
    paying.subscribe("basic_10k")
    for event in paying.events():
        paying.deliver(event)
    page = staff.get(path(world)).text
    for words in ("STANDIN-0001", "$15.00", "invoice.paid", "customer.subscription.created"):
        assert words in page
