"""The customer's view of a review: where the domain stands, why, what is asked, and who may answer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from domains import company
from domains.compliance import decisions
from domains.models import ComplianceReview, SendingDomain
from domains.tests.compliance.people import ANSWERS, COMPANY, looked_at, unreviewed
from mailtrap_site.testing.world import World, make_domain, make_user

pytestmark = pytest.mark.django_db
State = ComplianceReview.State


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(domain: SendingDomain, name: str = "review") -> str:
    return reverse(f"domains:{name}", args=[domain.account_id, domain.pk])


def grey(world: World) -> SendingDomain:
    domain = unreviewed(world.account, "googel.test")
    looked_at(domain)
    return domain


@pytest.mark.parametrize(
    ("status", "heading", "next_step"),
    [
        ("demo", "is your demo domain", "reaches the owner of the account alone"),
        ("demo_exhausted", "are used up", "Add a domain"),
        ("unverified_dns", "once its records stand", "See the records"),
        ("missing_company_info", "waits for your sender information", "Enter the sender information"),
        ("under_review", "is under review", "about two minutes"),
        ("awaiting_questionnaire", "waits for your answers", "Answer below"),
        ("awaiting_card_verification", "waits for a payment by card", "Compare the plans"),
        ("non_compliant", "is not approved", "this decision stands"),
        ("compliant", "is approved", "Nothing is left to do"),
        ("suspended", "is suspended", "Write to support once the cause is gone"),
    ],
)
def test_every_status_says_where_it_stands_and_what_happens_next(world, status, heading, next_step) -> None:
    domain = make_domain(world.account, "acme.test", approved=False)
    SendingDomain.objects.filter(pk=domain.pk).update(compliance_status=status)
    shown = as_user(world.alice).get(page(domain)).text
    assert heading in shown
    assert next_step in shown


def test_the_reasons_that_may_be_told_are_told_and_nothing_else(world: World) -> None:
    domain = grey(world)
    row = domain.reviews.get()
    row.findings += [{"rule": "many_new_domains", "weight": 20, "detail": {"hours": 1, "count": 9}}]
    row.save()
    shown = as_user(world.alice).get(page(domain)).text
    assert "googel is one letter away from google" in shown
    assert "hours old" not in shown
    assert "score" not in shown.lower()


def test_the_questionnaire_is_answered_and_the_page_goes_on_by_itself(world: World) -> None:
    domain = grey(world)
    client = as_user(world.bob)
    assert "How did they agree to it?" in client.get(page(domain)).text
    incomplete = client.post(page(domain), ANSWERS | {"consent": "", "purpose": ""})
    assert incomplete.status_code == 422
    assert "Choose one of these." in incomplete.text
    assert "An answer is missing." in incomplete.text
    assert ANSWERS["recipients"] in incomplete.text
    assert domain.reviews.get().state == State.QUESTIONS
    client.post(page(domain), ANSWERS)
    row = domain.reviews.get()
    assert (row.state, row.answers) == (State.AUTOMATIC, ANSWERS)
    shown = client.get(page(domain)).text
    assert 'hx-trigger="every 5s"' in shown
    assert "They bought from us or have a contract with us" in shown
    assert "How many emails a month?" in shown
    assert 'name="consent"' not in shown


def test_a_poll_hears_nothing_until_something_happened_and_then_stops(world: World) -> None:
    domain = unreviewed(world.account)
    client = as_user(world.alice)
    asked = {"HX-Request": "true", "HX-Target": "review"}
    shown = client.get(page(domain), headers=asked)
    assert shown.status_code == 200
    seen = shown.text.split("?seen=")[1].split('"')[0]
    assert client.get(f"{page(domain)}?seen={seen}", headers=asked).status_code == 204
    looked_at(domain)
    news = client.get(f"{page(domain)}?seen={seen}", headers=asked)
    assert news.status_code == 286
    assert "acme.test is approved" in news.text
    assert "<html" not in news.text


def test_a_question_of_staff_is_shown_and_its_answer_reaches_them(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    decisions.ask(row, "Who <b>are</b> you?", make_user("sam@platform.test"), seen=row.state_since)
    client = as_user(world.alice)
    shown = client.get(page(domain)).text
    assert "Who &lt;b&gt;are&lt;/b&gt; you?" in shown
    assert 'name="purpose"' not in shown
    assert client.post(page(domain), {"reply": ""}).status_code == 422
    seen = row.state_since.isoformat()
    client.post(page(domain), {"reply": "A till repair shop", "seen": seen})
    row.refresh_from_db()
    assert (row.state, row.exchanges[0]["answer"]) == (State.MANUAL, "A till repair shop")
    after = client.get(page(domain)).text
    assert "A till repair shop" in after
    assert "one working day" in after
    late = client.post(page(domain), {"reply": "Again", "seen": seen}, follow=True).text
    assert "Nothing is asked right now" in late


def test_an_answer_to_an_older_question_is_not_taken_for_one_to_the_new(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    staff = make_user("sam@platform.test")
    decisions.ask(row, "Who are you?", staff, seen=row.state_since)
    seen = row.state_since.isoformat()
    decisions.ask(row, "Do you agree to pay?", staff, seen=row.state_since)
    answer = as_user(world.alice).post(page(domain), {"reply": "Yes, gladly", "seen": seen}, follow=True).text
    assert "Somebody was quicker" in answer
    row.refresh_from_db()
    assert (row.state, row.exchanges) == (State.QUESTIONS, [])


def test_a_rejection_shows_its_reason_and_takes_one_appeal(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    decisions.reject(row, "It imitates PayPal.", make_user("sam@platform.test"), seen=row.state_since)
    client = as_user(world.alice)
    shown = client.get(page(domain)).text
    assert "It imitates PayPal." in shown
    assert "by our staff" in shown
    assert "sam@platform.test" not in shown
    assert client.post(page(domain, "appeal"), {"why": " "}).status_code == 422
    done = client.post(page(domain, "appeal"), {"why": "It is my name"}, follow=True).text
    assert "A person looks at paypa1.test again." in done
    assert "paypa1.test is under review" in done
    again = client.post(page(domain, "appeal"), {"why": "It is my name"}, follow=True).text
    assert "can no longer be asked for" in again
    assert domain.reviews.count() == 2


def test_a_suspension_says_why_and_since_when(world: World) -> None:
    decisions.suspend(world.domain, "Complaints above 1 %", make_user("sam@platform.test"))
    shown = as_user(world.vera).get(page(world.domain)).text
    assert "example.test is suspended" in shown
    assert "Complaints above 1 %" in shown


def test_viewers_look_and_answer_nothing_and_strangers_find_nothing(world: World) -> None:
    domain = grey(world)
    vera = as_user(world.vera)
    shown = vera.get(page(domain)).text
    assert "googel.test waits for your answers" in shown
    assert 'name="purpose"' not in shown
    assert vera.post(page(domain), ANSWERS).status_code == 403
    assert vera.post(page(domain, "appeal"), {"why": "x"}).status_code == 403
    charlie = as_user(world.charlie)
    for name in ("review", "appeal"):
        assert charlie.post(page(domain, name), ANSWERS).status_code == 404
    assert charlie.get(page(domain)).status_code == 404
    assert domain.reviews.get().state == State.QUESTIONS


def test_the_named_address_leads_to_what_the_domain_lacks(world: World) -> None:
    domain = grey(world)
    alice, charlie = as_user(world.alice), as_user(world.charlie)
    address = reverse("domains:named", args=["googel.test"])
    assert alice.get(address)["Location"] == page(domain)
    assert charlie.get(address).status_code == 404
    assert Client().get(address)["Location"].startswith("/accounts/login/")
    unverified = make_domain(world.account, "later.test", verified=False)
    assert alice.get(reverse("domains:named", args=["Later.test"]))["Location"] == page(unverified, "detail")


def test_the_page_leads_to_the_sender_information_and_back(world: World) -> None:
    domain = make_domain(world.account, "acme.test", approved=False)
    client = as_user(world.alice)
    form = f"{reverse('domains:company', args=[world.account.pk])}?next={domain.pk}"
    assert form in client.get(page(domain)).text
    client.post(form, COMPANY | {"info_level": "business"})
    assert "acme.test is under review" in client.get(page(domain)).text
    assert company.info_of(world.account) is not None
