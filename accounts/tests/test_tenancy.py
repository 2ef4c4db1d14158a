"""Who may enter an account, and what each role may do in it."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role
from accounts.roles import ABILITIES, Ability, can
from accounts.tenancy import accounts_of
from mailtrap_site.testing.world import World, make_user


def test_a_member_sees_the_page(world: World, client: Client):
    client.force_login(world.vera)
    assert client.get(reverse("accounts:tokens", args=[world.account.pk])).status_code == 200


def test_a_stranger_and_an_account_that_does_not_exist_are_answered_alike(world: World, client: Client):
    client.force_login(world.charlie)
    assert client.get(reverse("accounts:tokens", args=[world.account.pk])).status_code == 404
    assert client.get(reverse("accounts:tokens", args=[10**12])).status_code == 404


def test_whoever_is_signed_out_signs_in_first(world: World, client: Client):
    where = reverse("accounts:tokens", args=[world.account.pk])
    answer = client.get(where)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('account_login')}?next={where}")


def test_a_member_without_the_ability_is_told_so(world: World, client: Client):
    client.force_login(world.vera)
    answer = client.post(reverse("accounts:token_add", args=[world.account.pk]), {"name": "Shop"})
    assert answer.status_code == 403
    assert world.account.tokens.count() == 1


def test_a_viewer_is_offered_no_buttons(world: World, client: Client):
    client.force_login(world.vera)
    text = client.get(reverse("accounts:tokens", args=[world.account.pk])).text
    assert reverse("accounts:token_add", args=[world.account.pk]) not in text
    assert reverse("accounts:token_delete", args=[world.account.pk, world.token.pk]) not in text


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (Role.OWNER, set(Ability), set()),
        (Role.ADMIN, {Ability.MANAGE_DOMAINS, Ability.MANAGE_TOKENS, Ability.SEND}, {Ability.MANAGE_BILLING}),
        (
            Role.VIEWER,
            {Ability.VIEW, Ability.VIEW_USAGE},
            {Ability.VIEW_CONTENT, Ability.SEND, Ability.MANAGE_DOMAINS, Ability.MANAGE_TOKENS, Ability.MANAGE_BILLING},
        ),
        (Role.BILLING, {Ability.VIEW_USAGE, Ability.MANAGE_BILLING}, {Ability.VIEW_CONTENT, Ability.MANAGE_TOKENS}),
    ],
)
def test_the_table_of_roles(role: Role, may: set[Ability], may_not: set[Ability]):
    assert may <= ABILITIES[role]
    assert not may_not & ABILITIES[role]


def test_every_role_has_a_row_and_may_at_least_look():
    assert set(ABILITIES) == set(Role)
    assert all(can(Membership(role=role), Ability.VIEW) for role in Role if role is not Role.LIMITED)


def test_a_user_has_the_accounts_they_belong_to(world: World):
    assert list(accounts_of(world.alice)) == [world.account]
    Membership.objects.create(account=world.stranger_account, user=world.alice, role=Role.VIEWER)
    assert list(accounts_of(world.alice)) == [world.account, world.stranger_account]


def test_home_leads_to_the_first_account(world: World, client: Client):
    assert client.get("/")["Location"] == reverse("account_login")
    client.force_login(world.alice)
    assert client.get("/")["Location"] == f"/a/{world.account.pk}/"


def test_home_without_an_account_leads_to_the_profile_or_the_desk(world: World, client: Client):
    user = make_user("dora@nowhere.test")
    client.force_login(user)
    assert client.get("/")["Location"] == reverse("accounts:profile")
    user.is_staff = True
    user.save()
    assert client.get("/")["Location"] == reverse("admin:index")
