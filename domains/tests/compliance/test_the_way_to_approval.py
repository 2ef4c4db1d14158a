"""From the last record to a decision: what begins a review, what the rules do with it, and who is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, Notification, Role
from billing.models import Invoice
from domains import company, verification
from domains.compliance import answering, automatic, decisions, review, status
from domains.models import ComplianceReview, SendingDomain
from domains.nameserver import Record
from domains.setup import delete_domain
from domains.tests.compliance.people import ANSWERS, COMPANY, looked_at, unreviewed
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain, make_user

pytestmark = pytest.mark.django_db
State = ComplianceReview.State


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def letters_of(world: World) -> list[str]:
    return list(Notification.objects.filter(user=world.alice).order_by("pk").values_list("kind", flat=True))


def listed_at(settings: Any, name: str = "bl.test") -> None:
    domains = replace(settings.ENVIRONMENT.domains, blocklists=(name,))
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, domains=domains)


def test_add_verify_company_and_the_rules_approve(
    world: World, mailoutbox: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    domain = make_domain(world.account, "acme.test", verified=False, approved=False)
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()})
    with django_capture_on_commit_callbacks(execute=True), resolving(zone):
        verification.check(domain.pk)
    domain.refresh_from_db()
    assert domain.compliance_status == "missing_company_info"
    assert domain.may_send().code == "domain_not_compliant"
    assert not domain.reviews.exists()

    company.save(world.account, COMPANY, user=world.alice)
    domain.refresh_from_db()
    assert domain.compliance_status == "under_review"
    with django_capture_on_commit_callbacks(execute=True):
        assert automatic.review_waiting() == 1
    domain.refresh_from_db()
    row = domain.reviews.get()
    assert (row.state, row.findings, row.score, row.decided_by) == (State.APPROVED, [], 0, None)
    assert domain.compliance_status == "compliant"
    assert domain.may_send().allowed
    assert domain.approved_at is not None
    assert actions()[-3:] == ["domain.verified", "company_info.saved", "review.judged"]
    assert letters_of(world) == ["domain.verified", "domain.approved"]
    assert {letter.to[0] for letter in mailoutbox if "acme.test is approved" in letter.subject} == {
        "alice@acme.test",
        "bob@acme.test",
    }
    assert automatic.review_waiting() == 0


def test_losing_and_regaining_records_needs_no_other_review(world: World) -> None:
    domain = unreviewed(world.account)
    looked_at(domain)
    for verified_at, expected in ((None, "unverified_dns"), (domain.dns_verified_at, "compliant")):
        domain.dns_verified_at = verified_at
        domain.save(update_fields=["dns_verified_at"])
        assert status.refresh(domain) == expected
    assert domain.reviews.count() == 1


def test_the_platforms_own_domain_needs_no_review() -> None:
    account = Account.objects.create(name="Platform", is_platform=True)
    domain = make_domain(account, "platform.test", approved=False)
    assert domain.compliance_status == "compliant"
    assert not domain.reviews.exists()


def test_a_second_domain_of_a_known_company_begins_its_review_at_once(world: World) -> None:
    looked_at(unreviewed(world.account))
    second = make_domain(world.account, "mail.acme.test", approved=False)
    assert second.compliance_status == "under_review"
    row = looked_at(second)
    assert row.state == State.APPROVED
    assert "known_name" in [one["rule"] for one in row.findings]
    assert row.score == 0


def test_a_grey_case_is_asked_and_good_answers_approve_it(world: World) -> None:
    domain = unreviewed(world.account, "googel.test")
    row = looked_at(domain)
    assert (row.state, domain.compliance_status) == (State.QUESTIONS, "awaiting_questionnaire")
    assert letters_of(world)[-1] == "domain.questioned"
    assert answering.answer(row, ANSWERS, seen=row.state_since, user=world.alice)
    domain.refresh_from_db()
    assert (row.state, domain.compliance_status) == (State.AUTOMATIC, "under_review")
    assert row.answered_at is not None
    looked_at(domain)
    # 40 for one letter beside Google, 5 for the website, 15 less for full answers.
    assert domain.reviews.get().score == 30
    assert (domain.reviews.get().state, letters_of(world)[-1]) == (State.MANUAL, "domain.reviewed")


def test_with_a_website_of_its_own_the_same_case_is_approved_by_its_answers(world: World) -> None:
    domain = unreviewed(world.account, "googel.test")
    company.save(world.account, {"website_url": "https://googel.test"})
    row = looked_at(domain)
    assert answering.answer(row, ANSWERS, seen=row.state_since)
    assert looked_at(domain).state == State.APPROVED
    assert domain.compliance_status == "compliant"


def test_staff_ask_and_approve(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    staff = make_user("sam@platform.test")
    assert row.state == State.MANUAL
    assert decisions.ask(row, "What have you to do with PayPal?", staff, seen=row.state_since)
    domain.refresh_from_db()
    assert (domain.compliance_status, letters_of(world)[-1]) == ("awaiting_questionnaire", "domain.questioned")
    assert "What have you to do with PayPal?" in Notification.objects.order_by("-pk")[0].body
    assert answering.answer(row, {}, "We repair tills.", seen=row.state_since, user=world.alice)
    # The rules do not overrule a person's question.
    assert (row.state, row.question) == (State.MANUAL, "")
    assert (row.exchanges[0]["question"], row.exchanges[0]["answer"]) == (
        "What have you to do with PayPal?",
        "We repair tills.",
    )
    assert decisions.approve(row, "A shop since 1990", staff, seen=row.state_since)
    domain.refresh_from_db()
    assert domain.may_send().allowed
    assert (row.decided_by, row.reason) == (staff, "A shop since 1990")
    assert actions()[-4:] == ["review.judged", "review.asked", "review.answered", "review.approved"]
    entry = AuditEntry.objects.get(action="review.approved")
    assert (entry.by_staff, entry.actor, entry.account) == (True, staff, world.account)
    assert entry.changes["reason"]["to"] == "A shop since 1990"


def test_a_rejection_says_why_and_can_be_appealed_once(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    staff = make_user("sam@platform.test")
    assert decisions.reject(row, "This imitates PayPal.", staff, seen=row.state_since)
    domain.refresh_from_db()
    assert (domain.compliance_status, domain.may_send().code) == ("non_compliant", "domain_not_compliant")
    assert "This imitates PayPal." in Notification.objects.order_by("-pk")[0].body
    assert answering.may_appeal(review.last_of(domain))
    assert answering.appeal(domain, "It is my name.", user=world.alice)
    assert not answering.appeal(domain, "Again", user=world.alice)
    second = review.last_of(domain)
    assert second is not None and second.pk != row.pk
    assert (second.state, second.score, second.exchanges[-1]["answer"]) == (State.MANUAL, row.score, "It is my name.")
    assert decisions.reject(second, "Still.", staff, seen=second.state_since)
    assert not answering.may_appeal(review.last_of(domain))
    assert not answering.appeal(domain, "Please")
    assert decisions.look_again(domain, "The owner proved it", staff)
    assert decisions.look_again(domain, "Twice", staff) is None
    domain.refresh_from_db()
    assert domain.compliance_status == "under_review"


def test_of_two_at_the_desk_the_second_changes_nothing(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    looked_at(domain)
    mine, theirs = (domain.reviews.get() for _person in range(2))
    seen = mine.state_since
    staff = make_user("sam@platform.test")
    assert decisions.ask(mine, "Who are you?", staff, seen=seen)
    assert not decisions.approve(theirs, "Looks fine", staff, seen=seen)
    # Asked, answered, and manual again: what the second saw is still an older state.
    assert answering.answer(mine, {}, "Us", seen=mine.state_since)
    assert not decisions.reject(theirs, "No", staff, seen=seen)
    domain.refresh_from_db()
    assert domain.approved_at is None
    assert "review.approved" not in actions()
    assert "review.rejected" not in actions()


def test_two_workers_take_one_step(world: World) -> None:
    domain = unreviewed(world.account)
    first, second = (domain.reviews.get() for _worker in range(2))
    assert automatic.look(first)
    assert not automatic.look(second)
    assert actions().count("review.judged") == 1
    assert letters_of(world).count("domain.approved") == 1


def test_a_card_is_waited_for_and_brings_the_review_back(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    staff = make_user("sam@platform.test")
    assert decisions.ask_for_card(row, "A new company", staff, seen=row.state_since)
    domain.refresh_from_db()
    assert domain.compliance_status == "awaiting_card_verification"
    assert automatic.review_waiting() == 0
    moments = dict.fromkeys(("issued_at", "period_starts_at", "period_ends_at"), timezone.now())
    Invoice.objects.create(
        account=world.account, stripe_id="in_1", status="paid", total_cents=1500, paid_cents=1500, **moments
    )
    assert automatic.review_waiting() == 1
    domain.refresh_from_db()
    assert (domain.reviews.get().state, domain.compliance_status) == (State.MANUAL, "under_review")
    assert actions()[-1] == "review.card_checked"


def test_a_blocklist_is_asked_and_a_silent_one_costs_nothing(world: World, settings: Any) -> None:
    listed_at(settings)
    domain = unreviewed(world.account)
    with resolving(StoredZones({"acme.test.bl.test": [Record("A", "127.0.1.2")]})):
        row = looked_at(domain)
    assert [(one["rule"], one["weight"]) for one in row.findings] == [("blocklisted", 45)]
    assert row.state == State.QUESTIONS
    other = unreviewed(world.stranger_account, "else.test")
    company.save(world.stranger_account, {"website_url": "else.test"})
    with resolving(FailingZones({})):
        row = looked_at(other)
    assert [(one["rule"], one["weight"]) for one in row.findings] == [("blocklist_silent", 0)]
    assert row.state == State.APPROVED


def test_a_suspended_name_comes_back_neither_here_nor_elsewhere(world: World) -> None:
    domain = unreviewed(world.account)
    looked_at(domain)
    staff = make_user("sam@platform.test")
    assert decisions.suspend(domain, "Spam to bought lists", staff)
    delete_domain(domain)
    for account in (world.account, world.stranger_account):
        again = unreviewed(account, "mail.acme.test")
        row = looked_at(again)
        assert (row.state, row.decided_by, again.compliance_status) == (State.REJECTED, None, "non_compliant")
        assert "suspended for abuse" in row.reason
        assert answering.may_appeal(row)


def test_who_never_proved_the_name_cannot_get_it_banned_for_its_owner(world: World) -> None:
    squatted = make_domain(world.stranger_account, "acme.test", verified=False, approved=False)
    assert decisions.suspend(squatted, "Not theirs", make_user("sam@platform.test"))
    assert looked_at(unreviewed(world.account)).state == State.APPROVED


def test_a_stopped_domain_makes_the_accounts_next_one_a_case_for_a_person(world: World) -> None:
    first = unreviewed(world.account)
    looked_at(first)
    decisions.suspend(first, "Spam", make_user("sam@platform.test"))
    row = looked_at(make_domain(world.account, "brightwater.test", approved=False))
    assert "banned_account" in [one["rule"] for one in row.findings]
    assert row.state == State.MANUAL


def test_a_suspended_account_is_no_way_out_by_a_new_one(world: World) -> None:
    looked_at(unreviewed(world.account))
    Account.objects.filter(pk=world.account.pk).update(state="suspended", suspension_reason="Spam")
    fresh = Account.objects.create(name="Fresh start")
    Membership.objects.create(account=fresh, user=world.alice, role=Role.OWNER)
    other_name = unreviewed(fresh, "brightwater.test")
    assert (looked_at(other_name).state, other_name.compliance_status) == (State.MANUAL, "under_review")
    assert "banned_account" in [one["rule"] for one in other_name.reviews.get().findings]
    same_name = unreviewed(fresh, "acme.test")
    assert looked_at(same_name).state == State.REJECTED


def test_tenants_of_a_shared_suffix_do_not_answer_for_each_other(world: World) -> None:
    theirs = make_domain(world.stranger_account, "spammer.github.io")
    decisions.suspend(theirs, "Spam", make_user("sam@platform.test"))
    row = looked_at(unreviewed(world.account, "acme.github.io"))
    assert [one["rule"] for one in row.findings] == ["website_elsewhere"]


def test_suspending_and_releasing_are_told_and_written_down(world: World) -> None:
    staff = make_user("sam@platform.test")
    assert decisions.suspend(world.domain, "Spam", staff)
    assert not decisions.suspend(world.domain, "Spam again", staff)
    world.domain.refresh_from_db()
    assert (world.domain.may_send().code, world.domain.suspension_reason) == ("domain_suspended", "Spam")
    assert status.refresh(world.domain) == "suspended"
    assert decisions.release(world.domain, "Mended", staff)
    assert not decisions.release(world.domain, "Again", staff)
    world.domain.refresh_from_db()
    assert world.domain.may_send().allowed
    assert (world.domain.suspended_at, world.domain.suspension_reason) == (None, "")
    assert letters_of(world) == ["domain.suspended", "domain.released"]
    assert actions()[-2:] == ["domain.suspended", "domain.released"]


def test_an_approval_during_a_suspension_does_not_end_it(world: World) -> None:
    domain = unreviewed(world.account, "paypa1.test")
    row = looked_at(domain)
    staff = make_user("sam@platform.test")
    decisions.suspend(domain, "Wait", staff)
    assert decisions.approve(row, "Fine", staff, seen=row.state_since)
    domain.refresh_from_db()
    assert domain.compliance_status == "suspended"
    decisions.release(domain, "Go", staff)
    domain.refresh_from_db()
    assert domain.compliance_status == "compliant"


def test_a_deleted_domain_is_decided_no_more(world: World) -> None:
    domain = unreviewed(world.account)
    row = domain.reviews.get()
    delete_domain(domain)
    assert automatic.review_waiting() == 0
    assert not automatic.look(row)
    assert not decisions.approve(row, "x", make_user("sam@platform.test"), seen=row.state_since)


def test_a_domain_has_one_open_review_however_often_it_is_begun(world: World) -> None:
    domain = unreviewed(world.account)
    assert review.begin(domain) == review.begin(domain) == domain.reviews.get()


def test_statuses_of_the_demo_domain(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(is_demo=True, demo_emails_left=1)
    world.domain.refresh_from_db()
    assert status.refresh(world.domain) == "demo"
    world.domain.demo_emails_left = 0
    assert status.refresh(world.domain) == "demo_exhausted"
    assert not world.domain.reviews.exists()
