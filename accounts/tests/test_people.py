"""Who belongs to an account, what they may do, and how that changes."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership, Notification, Role, User
from accounts.people import By, Gone, LastOwner, Rights, change, domain_scopes, leave, make_owner, remove
from accounts.roles import Ability, can, domains_with, resources_of
from accounts.scopes import ADMIN, READ
from mailtrap_site.testing.world import PASSWORD, World, make_user


def member(world: World, user: User) -> Membership:
    return Membership.objects.get(account=world.account, user=user)


def page(world: World, name: str, *more: object) -> str:
    return reverse(f"accounts:{name}", args=[world.account.pk, *more])


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_last_owner_neither_leaves_nor_is_removed_nor_demoted(world):
    own = member(world, world.alice)
    for act in (
        lambda: leave(own, By()),
        lambda: remove(own, By()),
        lambda: change(own, Rights(Role.ADMIN), By()),
    ):
        with pytest.raises(LastOwner):
            act()
    make_owner(member(world, world.bob), own, By(), keeps=True)
    leave(member(world, world.alice), By())
    assert list(world.account.memberships.filter(role=Role.OWNER).values_list("user", flat=True)) == [world.bob.pk]


def test_an_account_that_is_handed_over_has_the_other_owner_alone(world, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        make_owner(member(world, world.bob), member(world, world.alice), By(), keeps=False)
    assert (member(world, world.bob).role, member(world, world.alice).role) == (Role.OWNER, Role.ADMIN)
    entry = AuditEntry.objects.get(action="account.owner_changed")
    assert entry.changes["role"] == {"from": "admin", "to": "owner"}
    assert {one.to[0] for one in mail.outbox} == {"bob@acme.test", "alice@acme.test"}


def test_whoever_is_changed_or_removed_is_told_and_it_is_in_the_audit_log(world, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert change(member(world, world.vera), Rights(Role.ADMIN), By(name="token “Ops”"))
        assert not change(member(world, world.vera), Rights(Role.ADMIN), By())
        remove(member(world, world.vera), By())
    assert [one.to for one in mail.outbox] == [["vera@acme.test"]] * 2
    assert "You no longer belong to Acme" in mail.outbox[1].subject
    assert Notification.objects.filter(user=world.vera).count() == 2
    changed, removed = AuditEntry.objects.order_by("pk").filter(action__startswith="membership.")
    assert (changed.actor_name, changed.changes["role"]) == ("token “Ops”", {"from": "viewer", "to": "admin"})
    assert removed.action == "membership.removed"
    with pytest.raises(Gone):
        remove(Membership(pk=10**9, account=world.account), By())


def test_the_rights_on_some_domains():
    scopes = list(domain_scopes([(1, ADMIN), (2, READ)]))
    limited = Membership(role=Role.LIMITED, scopes=scopes)
    assert domains_with(limited, Ability.VIEW) == (1, 2)
    assert domains_with(limited, Ability.MANAGE_DOMAINS) == (1,)
    assert domains_with(limited, Ability.VIEW_CONTENT) == (1,)
    assert domains_with(Membership(role=Role.LIMITED, scopes=scopes, sees_content=True), Ability.VIEW_CONTENT) == (1, 2)
    assert not any(can(limited, one) for one in (Ability.MANAGE_PEOPLE, Ability.MANAGE_TOKENS, Ability.VIEW_USAGE))
    assert [can(limited, Ability.SEND, domain) for domain in (1, 2, 3)] == [True, False, False]
    assert not can(Membership(role=Role.LIMITED), Ability.VIEW)
    assert not can(Membership(role=Role.BILLING, sees_content=True), Ability.VIEW_CONTENT)
    assert can(Membership(role=Role.VIEWER, sees_content=True), Ability.VIEW_CONTENT)


def test_the_levels_of_the_contract_follow_from_the_role():
    levels = {"owner": 1000, "admin": 100, "viewer": 10, "billing": 1}
    for role, level in levels.items():
        shown = resources_of(7, role, [], sees_content=False)
        assert shown == [{"resource_type": "account", "resource_id": 7, "access_level": level}]
    assert resources_of(7, "viewer", [], sees_content=True)[0]["access_level"] == 50


def test_an_admin_changes_a_viewer_and_no_owner(world):
    client = as_user(world.bob)
    vera, alice = member(world, world.vera), member(world, world.alice)
    posted = {"role": "limited", f"domain_{world.domain.pk}": "100"}
    assert client.post(page(world, "member", vera.pk), posted).status_code == 302
    vera.refresh_from_db()
    assert (vera.role, vera.scopes) == (Role.LIMITED, list(domain_scopes([(world.domain.pk, ADMIN)])))
    assert "example.test (admin)" in client.get(page(world, "people")).text
    for name in ("member", "member_removal"):
        assert client.post(page(world, name, alice.pk), {"role": "viewer"}).status_code == 403
    assert client.post(page(world, "member_ownership", vera.pk)).status_code == 403
    assert client.post(page(world, "member", vera.pk), {"role": "limited"}).status_code == 422
    assert client.post(page(world, "member", vera.pk), {"role": "owner"}).status_code == 422
    foreign = {"role": "limited", f"domain_{world.stranger_domain.pk}": "100"}
    assert client.post(page(world, "member", vera.pk), foreign).status_code == 422


def test_to_hand_an_account_over_one_says_who_one_is_once_more(world):
    client, where = Client(), page(world, "member_ownership", member(world, world.bob).pk)
    client.force_login(world.alice)
    assert "reauthenticate" in client.post(where, {"keeps": "no"})["Location"]
    assert member(world, world.bob).role == Role.ADMIN
    signed_in = Client()
    signed_in.post(reverse("account_login"), {"login": "alice@acme.test", "password": PASSWORD})
    asked = signed_in.get(where)["Location"]
    assert signed_in.post(asked, {"password": PASSWORD})["Location"] == where
    assert "Make Bob an owner?" in signed_in.get(where).text
    assert signed_in.post(where, {"keeps": "no"})["Location"] == page(world, "people")
    assert (member(world, world.bob).role, member(world, world.alice).role) == (Role.OWNER, Role.ADMIN)


def test_everybody_may_leave_but_the_last_owner(world):
    where = page(world, "people_departure")
    assert "You are its only owner" in as_user(world.alice).get(where).text
    assert as_user(world.alice).post(where)["Location"] == where
    assert as_user(world.vera).post(where)["Location"] == reverse("accounts:profile")
    assert as_user(world.vera).get(where).status_code == 404
    assert Notification.objects.get(kind="membership.left").user == world.alice


def test_the_page_shows_how_members_sign_in_to_those_who_look_after_them(world):
    assert "Second factor" in as_user(world.bob).get(page(world, "people")).text
    seen = as_user(world.vera).get(page(world, "people")).text
    assert "alice@acme.test" in seen
    assert "Second factor" not in seen
    assert page(world, "invitation_add") not in seen


def test_one_person_has_several_accounts_and_changes_between_them(world):
    client = as_user(world.vera)
    made = client.post(reverse("accounts:account_add"), {"name": "Second"})
    second = world.vera.memberships.get(account__name="Second")
    assert (made["Location"], second.role) == (f"/a/{second.account_id}/", Role.OWNER)
    text = client.get(page(world, "people")).text
    assert f'href="/a/{second.account_id}/"' in text
    assert client.post(reverse("accounts:account_add"), {"name": " "}).status_code == 422


def test_somebody_limited_sees_their_places_alone(world):
    user = make_user("lim@acme.test")
    scopes = list(domain_scopes([(world.domain.pk, ADMIN)]))
    Membership.objects.create(account=world.account, user=user, role=Role.LIMITED, scopes=scopes)
    client = as_user(user)
    assert client.get(f"/a/{world.account.pk}/")["Location"] == reverse("domains:list", args=[world.account.pk])
    text = client.get(reverse("domains:list", args=[world.account.pk])).text
    for shown in ("domains:list", "sending:email_log", "sending:suppressions", "sending:webhooks"):
        assert f'href="{reverse(shown, args=[world.account.pk])}"' in text
    for hidden in (
        "accounts:tokens",
        "accounts:people",
        "billing:usage",
        "billing:plan",
        "domains:add",
        "sending:streams",
    ):
        assert f'href="{reverse(hidden, args=[world.account.pk])}"' not in text
    assert client.get(reverse("accounts:tokens", args=[world.account.pk])).status_code == 403


def test_an_entry_for_one_domain_is_written_by_its_admin_and_none_for_all_domains(world):
    from sending.models import Suppression

    user = make_user("lim@acme.test")
    scopes = list(domain_scopes([(world.domain.pk, ADMIN)]))
    Membership.objects.create(account=world.account, user=user, role=Role.LIMITED, scopes=scopes)
    where, client = reverse("sending:suppressions_add", args=[world.account.pk]), as_user(user)
    posted = {"addresses": "ann@far.test", "domain": "all", "stream": "any"}
    assert client.post(where, posted).status_code == 422
    assert client.post(where, posted | {"domain": str(world.domain.pk)}).status_code == 302
    whole = Suppression.objects.create(account=world.account, email="w@far.test", stream="any", type="manual import")
    taken = {"entry": [str(whole.pk)], "sure": "yes"}
    client.post(reverse("sending:suppressions_reactivate", args=[world.account.pk]), taken)
    assert Suppression.objects.filter(pk=whole.pk).exists()
