"""Staff see which reviews wait for what and all that a decision needs; their reason is kept and mailed."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Notification, User
from domains.compliance import answering
from domains.models import ComplianceReview, SendingDomain
from domains.tests.compliance.people import looked_at, unreviewed
from mailtrap_site.testing.world import World, make_domain, make_user

pytestmark = pytest.mark.django_db
State = ComplianceReview.State


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sam@platform.test"))
    return client


@pytest.fixture
def waiting(world: World) -> SendingDomain:
    domain = unreviewed(world.account, "paypa1.test")
    looked_at(domain)
    return domain


def path(domain: SendingDomain, act: str = "") -> str:
    return f"/admin/compliance/{domain.pk}/{act}"


def act(client: Client, domain: SendingDomain, code: str, reason: str = "Because", **extra: str) -> Any:
    seen = domain.reviews.order_by("-pk")[0].state_since.isoformat() if domain.reviews.exists() else ""
    return client.post(path(domain, f"{code}/"), {"reason": reason, "seen": seen} | extra)


def test_the_queue_has_the_oldest_first_and_says_what_each_waits_for(
    world: World, staff: Client, waiting: SendingDomain
) -> None:
    older = unreviewed(world.stranger_account, "netfl1x.test")
    looked_at(older)
    older.reviews.update(state_since=timezone.now() - timedelta(days=2))
    asked = make_domain(world.account, "googel.test", approved=False)
    asked.reviews.update(state=State.QUESTIONS, score=45)
    page = staff.get("/admin/compliance/").text
    places = [page.index(words) for words in ("netfl1x.test", "paypa1.test", "Waits for others", "googel.test")]
    assert places == sorted(places)
    assert "looks like “paypal”" in page
    assert "2\xa0days" in page


def test_the_side_counts_those_that_wait_for_staff(world: World, staff: Client, waiting: SendingDomain) -> None:
    from mailtrap_site.support.look import number_of_waiting_reviews

    assert number_of_waiting_reviews() == "1"
    waiting.reviews.update(state=State.QUESTIONS)
    assert number_of_waiting_reviews() == ""


def test_the_page_has_all_that_a_decision_needs(world: World, staff: Client, waiting: SendingDomain) -> None:
    stopped = make_domain(world.account, "old.test")
    act(staff, stopped, "suspend", "Sent to bought lists")
    page = staff.get(path(waiting)).text
    for words in (
        "“paypa1” looks like “paypal” and is not one of its domains.",
        ">70<",
        "below 30 the rules approve",
        "1 Harbour Road",
        "alice@acme.test",
        "Sent to bought lists",
        "example.test",
        "Free",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("code", "state", "status", "letter", "action"),
    [
        ("approve", "approved", "compliant", "domain.approved", "review.approved"),
        ("ask", "questions", "awaiting_questionnaire", "domain.questioned", "review.asked"),
        ("reject", "rejected", "non_compliant", "domain.rejected", "review.rejected"),
        ("suspend", "manual", "suspended", "domain.suspended", "domain.suspended"),
    ],
)
def test_each_act_wants_a_reason_that_is_kept_and_mailed(
    staff: Client, waiting: SendingDomain, code: str, state: str, status: str, letter: str, action: str
) -> None:
    assert "Owners and admins of the account read your words" in staff.get(path(waiting, f"{code}/")).text
    assert act(staff, waiting, code, " ").status_code == 422
    assert waiting.reviews.get().state == "manual"
    assert act(staff, waiting, code, "These are my words")["Location"] == "/admin/compliance/"
    waiting.refresh_from_db()
    assert (waiting.reviews.get().state, waiting.compliance_status) == (state, status)
    news = Notification.objects.filter(kind=letter)
    assert {one.user.email for one in news} == {"alice@acme.test", "bob@acme.test"}
    assert "These are my words" in news[0].body
    entry = AuditEntry.objects.get(action=action)
    assert (entry.by_staff, entry.actor_name, entry.target_name) == (True, "sam@platform.test", "paypa1.test")
    assert entry.changes["reason"]["to"] == "These are my words"
    assert entry.ip == "127.0.0.1"


def test_release_ends_a_suspension(staff: Client, world: World) -> None:
    act(staff, world.domain, "suspend", "Spam")
    assert "Suspend…" not in staff.get(path(world.domain)).text
    assert act(staff, world.domain, "release", "Mended").status_code == 302
    world.domain.refresh_from_db()
    assert world.domain.may_send().allowed


def test_an_appeal_comes_back_and_staff_can_look_again_by_themselves(staff: Client, waiting: SendingDomain) -> None:
    act(staff, waiting, "reject", "No")
    assert "Look again…" in staff.get(path(waiting)).text
    answering.appeal(waiting, "It is my name")
    page = staff.get(path(waiting)).text
    assert "It is my name" in page
    assert "Earlier reviews" in page
    act(staff, waiting, "reject", "Still no")
    act(staff, waiting, "again", "New papers")
    assert waiting.reviews.order_by("-pk")[0].state == State.MANUAL


def test_who_was_slower_is_told_and_changes_nothing(staff: Client, waiting: SendingDomain) -> None:
    seen = waiting.reviews.get().state_since.isoformat()
    act(staff, waiting, "ask", "Who are you?")
    answering.answer(waiting.reviews.get(), {}, "Us", seen=waiting.reviews.get().state_since)
    late = staff.post(path(waiting, "approve/"), {"reason": "Fine", "seen": seen}, follow=True)
    assert "somebody was quicker" in late.text
    assert "We asked: Who are you?" in late.text
    assert waiting.reviews.get().state == State.MANUAL
    blind = staff.post(path(waiting, "approve/"), {"reason": "Fine"}, follow=True)
    assert "somebody was quicker" in blind.text
    assert not AuditEntry.objects.filter(action="review.approved").exists()


def test_what_cannot_be_done_is_not_done(staff: Client, waiting: SendingDomain) -> None:
    assert "somebody was quicker" in staff.get(path(waiting, "release/"), follow=True).text
    assert "somebody was quicker" in staff.post(path(waiting, "again/"), {"reason": "x"}, follow=True).text
    assert staff.get(path(waiting, "promote/")).status_code == 404
    assert staff.get("/admin/compliance/0/").status_code == 404


def test_who_may_only_look_decides_nothing(waiting: SendingDomain) -> None:
    looker = make_user("looker@platform.test")
    looker.is_staff = True
    looker.save()
    client = Client()
    client.force_login(looker)
    assert client.get("/admin/compliance/").status_code == 403
    assert client.get(path(waiting)).status_code == 403
    looker.user_permissions.add(Permission.objects.get(codename="view_compliancereview"))
    assert client.get("/admin/compliance/").status_code == 200
    page = client.get(path(waiting))
    assert page.status_code == 200
    assert "Approve…" not in page.text
    assert act(client, waiting, "approve").status_code == 403
    assert waiting.reviews.get().state == State.MANUAL


def test_members_do_not_reach_the_desk(world: World, waiting: SendingDomain) -> None:
    client = Client()
    client.force_login(world.alice)
    for where in ("/admin/compliance/", path(waiting), path(waiting, "approve/")):
        assert client.get(where).status_code in (302, 403)
    assert act(client, waiting, "approve").status_code in (302, 403)
    assert waiting.reviews.get().state == State.MANUAL
