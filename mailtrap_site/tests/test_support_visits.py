"""Staff look into an account as viewers, for a reason and half an hour; they change nothing, and its people know."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import support_visits
from accounts.models import Account, AuditEntry, SupportVisit, User
from mailtrap_site.support.roles import Role, make_staff
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.url_map import doors
from mailtrap_site.testing.world import World, make_user
from mailtrap_site.tests.tenants_things import make_things
from mailtrap_site.tests.test_every_url_refuses_strangers import ANSWERS, LACKING

NOT_ALLOWED = 403


@pytest.fixture
def sue(world: World) -> User:
    user = make_user("sue@platform.test")
    make_staff(user, Role.SUPPORT)
    return user


@pytest.fixture
def visitor(world: World, sue: User) -> Client:
    client = Client()
    client.force_login(sue)
    answer = client.post(f"/admin/visits/{world.account.pk}/", {"reason": "Ticket 7"})
    assert answer["Location"] == f"/a/{world.account.pk}/"
    return client


def acts(world: World) -> list[str]:
    return list(
        AuditEntry.objects.filter(account=world.account, action__startswith="support.")
        .order_by("pk")
        .values_list("action", flat=True)
    )


def test_without_a_reason_nobody_looks_in(world: World, sue: User) -> None:
    client = Client()
    client.force_login(sue)
    assert client.get(f"/a/{world.account.pk}/").status_code == 404
    assert client.post(f"/admin/visits/{world.account.pk}/", {"reason": " "}).status_code == 422
    assert client.get(f"/a/{world.account.pk}/").status_code == 404
    assert acts(world) == []


def test_every_page_of_viewers_opens_and_every_change_is_refused(world: World, visitor: Client) -> None:
    things, wrong, opened = make_things(world), [], 0
    for door in doors("a/<int:account_id>/"):
        path = door.path(things)
        status = visitor.get(path).status_code
        if status not in ANSWERS | {NOT_ALLOWED} | ({404} if door.name in LACKING else set()):
            wrong.append(("get", door.name, status))
        opened += status == 200
        with transaction.atomic():
            answer = visitor.post(path)
            transaction.set_rollback(True)
        if answer.status_code != NOT_ALLOWED or b"nothing can be changed" not in answer.content:
            wrong.append(("post", door.name, answer.status_code))
    assert wrong == []
    assert opened > 20
    assert visitor.get(f"/a/{world.stranger_account.pk}/").status_code == 404


def test_the_banner_stands_on_every_page_and_ends_the_visit(world: World, visitor: Client) -> None:
    for path in (f"/a/{world.account.pk}/", f"/a/{world.account.pk}/log/", "/profile/"):
        assert "You look into Acme as support until" in visitor.get(path).text, path
    assert visitor.post("/admin/visits/end/")["Location"] == f"/admin/tenants/{world.account.pk}/"
    assert visitor.get(f"/a/{world.account.pk}/").status_code == 404
    assert "as support until" not in visitor.get("/profile/").text
    assert acts(world) == ["support.visit_began", "support.visit_ended"]


def test_the_owner_reads_who_looked_in_and_why(world: World, visitor: Client) -> None:
    owner = Client()
    owner.force_login(world.alice)
    page = owner.get(f"/a/{world.account.pk}/audit/").text
    for words in ("Began to look into the account as support", "Support", "Ticket 7"):
        assert words in page


def test_after_half_an_hour_it_is_over_and_its_end_is_recorded_once(world: World, visitor: Client) -> None:
    later = timezone.now() + timedelta(minutes=31)
    assert support_visits.end_overdue(timezone.now()) == 0
    SupportVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert visitor.get(f"/a/{world.account.pk}/").status_code == 404
    assert [support_visits.end_overdue(later), support_visits.end_overdue(later)] == [1, 0]
    visitor.post("/admin/visits/end/")
    assert acts(world) == ["support.visit_began", "support.visit_ended"]


def test_whoever_is_no_longer_staff_sees_nothing(world: World, visitor: Client, sue: User) -> None:
    User.objects.filter(pk=sue.pk).update(is_staff=False)
    assert visitor.get(f"/a/{world.account.pk}/").status_code == 404


def test_bodies_open_only_while_the_owner_lets_them(world: World, visitor: Client) -> None:
    owner, account = Client(), world.account.pk
    owner.force_login(world.alice)
    message = make_message(world.domain)
    source = reverse("sending:message_source", args=[account, message.pk])
    assert visitor.get(source).status_code == NOT_ALLOWED
    owner.post(f"/a/{account}/security/support/")
    assert "You let support read email content until" in owner.get(f"/a/{account}/security/").text
    assert visitor.get(source).status_code in (200, 404)
    owner.post(f"/a/{account}/security/support/", {"take_back": "yes"})
    assert visitor.get(source).status_code == NOT_ALLOWED
    Account.objects.filter(pk=account).update(support_reads_until=timezone.now() - timedelta(seconds=1))
    assert visitor.get(source).status_code == NOT_ALLOWED
    assert acts(world)[1:] == ["support.content_allowed", "support.content_taken_back"]


def test_a_second_visit_ends_the_first(world: World, visitor: Client) -> None:
    visitor.post(f"/admin/visits/{world.stranger_account.pk}/", {"reason": "Ticket 8"})
    assert visitor.get(f"/a/{world.account.pk}/").status_code == 404
    assert visitor.get(f"/a/{world.stranger_account.pk}/").status_code == 200
    assert acts(world) == ["support.visit_began", "support.visit_ended"]
