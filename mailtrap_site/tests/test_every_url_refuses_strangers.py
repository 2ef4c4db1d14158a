"""Generated from the URL map: every page, knocked at by everybody who might.

Each test walks all addresses with one world and lists every wrong answer, so that a failure names address and person.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Membership, Role
from accounts.people import domain_scopes
from accounts.roles import OF_A_DOMAIN, Ability, can
from accounts.scopes import ADMIN, READ
from mailtrap_site.testing.url_map import Door, doors
from mailtrap_site.testing.world import World, make_domain, make_user, make_world
from mailtrap_site.tests.tenants_things import READER, make_things

ACCOUNT_DOORS = list(doors("a/<int:account_id>/"))
OBJECT_DOORS = [door for door in ACCOUNT_DOORS if len(door.arguments) > 1]
OF_ONE_DOMAIN = frozenset({"domain_id", "message_id", "suppression_id", "webhook_id", "export_id", "view_id"})
"""Arguments that name a thing of the domain in `make_things`, or of the whole account."""
OPEN_TO_ALL = (
    "accounts/",  # sign-in, sign-up and the like; allauth guards the rest
    "admin/",  # guarded by the support desk itself, tested below
    "api/",  # test_every_endpoint_asks_for_its_level
    "bulk/api/send",
    "captured/",  # the development route's mailbox, on the loopback alone
    "healthz",
    "legal/",  # terms, privacy and the like
    "leaked-token/",  # for whoever finds a token in public
    "pricing/",  # what the plans cost, for whoever thinks of an account
    "readyz",
    "refusals/",  # what the codes mean, for whoever reads them in a log
    "setup/",  # signed by us, for who keeps a domain's DNS
    "sso/",  # where people say whose they are, to sign in there
    "stripe/events/",  # signed by Stripe
    "styleguide/",
    "static/",
    "t/",  # what recipients follow, with tokens that we sealed
)
VIEWERS_POST_TO = {
    "accounts:letters",  # their own letters
    "accounts:people_departure",  # their own membership
    "sending:log_exports",  # a file of what they may read
    "sending:saved_view_add",
    "sending:saved_view_removal",
}
"""Pages where a viewer's POST is more than refused."""
ANSWERS = {200, 204, 286, 302, 405}
"""What a page answers to who may see it."""
LACKING = {
    "billing:checkout_return",
    "billing:invoice_pdf",
    "billing:change",
    "domains:demo_zone",
    "sending:log_export_file",
    "sending:message_preview",
    "sending:privacy_archive_file",
    "sending:sandbox_part",
    "sending:suppression_incident",
}
"""Pages that look for what the examples lack: Stripe, a zone, a file, a stored body, a bounce."""

pytestmark = pytest.mark.timeout(300)
"""Each walks some hundred addresses."""


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def things(world: World) -> dict[str, object]:
    return make_things(world)


def as_user(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def path_of(door: Door, things: dict[str, object], **changed: object) -> str:
    return door.path(things | changed)


def test_there_are_doors_to_knock_at():
    assert len(ACCOUNT_DOORS) >= 10


def test_every_page_of_an_account_says_what_it_asks_for():
    assert [door.name for door in ACCOUNT_DOORS if not isinstance(getattr(door.view, "ability", None), Ability)] == []


def test_each_member_reaches_what_their_role_allows_and_strangers_nothing(world, things, settings):
    settings.SUPPORT_EMAIL = "help@acme.test"
    people = {
        "owner": world.alice,
        "admin": world.bob,
        "viewer": world.vera,
        "billing": make_user("bill@acme.test", world.account, Role.BILLING),
    }
    wrong = []
    for person, user in people.items():
        client, member = as_user(user), Membership.objects.get(user=user, account=world.account)
        for door in ACCOUNT_DOORS:
            allowed = can(member, door.view.ability)
            answer = client.get(path_of(door, things))
            status, page = answer.status_code, getattr(answer, "content", b"")
            if status not in (ANSWERS | ({404} if door.name in LACKING else set()) if allowed else {403}):
                wrong.append((person, door.name, status))
            if b'<html lang="' in page and b"mailto:help@acme.test" not in page:
                wrong.append((person, door.name, "does not say where help is"))
    stranger, nobody = as_user(world.charlie), Client()
    for door in ACCOUNT_DOORS:
        path = path_of(door, things)
        answers = [stranger.get(path).status_code, stranger.post(path).status_code]
        if answers != [404, 404]:
            wrong.append(("stranger", door.name, answers))
        answer = nobody.get(path)
        if answer.status_code != 302 or not answer["Location"].startswith("/accounts/login/"):
            wrong.append(("signed out", door.name, answer.status_code))
    assert wrong == []


def test_nobody_changes_what_their_role_does_not_allow(world, things):
    people = {
        "admin": world.bob,
        "viewer": world.vera,
        "billing": make_user("bill@acme.test", world.account, Role.BILLING),
    }
    wrong = []
    for person, user in people.items():
        client, member = as_user(user), Membership.objects.get(user=user, account=world.account)
        for door in ACCOUNT_DOORS:
            if can(member, door.view.ability) and (
                person == "admin"
                or door.name in VIEWERS_POST_TO
                or (person == "billing" and door.name.startswith("billing:"))
            ):
                continue
            with _undone():
                status = client.post(path_of(door, things)).status_code
            if status not in (403, 405):
                wrong.append((person, door.name, status))
    assert wrong == []


def test_who_looks_after_another_domain_finds_nothing_of_this_one(world, things):
    other = make_domain(world.account, "other.test")
    client = as_user(_limited(world, "olga@acme.test", [(other.pk, ADMIN)]))
    wrong = []
    for door in ACCOUNT_DOORS:
        path = path_of(door, things)
        answer = client.get(path)
        if door.arguments & OF_ONE_DOMAIN:
            with _undone():
                status = client.post(path).status_code
            if status not in (403, 404, 405):
                wrong.append(("post", door.name, status))
        if door.arguments & OF_ONE_DOMAIN and not door.arguments & {"import_id"}:
            expected = {404} if _is_by_domain(door) else {403}
        else:
            expected = {200, 286, 302} if door.view.by_domain else {403}
        if answer.status_code not in expected | {405}:
            wrong.append((door.name, answer.status_code))
        elif answer.status_code == 200 and any(
            word in answer.getvalue() for word in (b"example.test", READER.encode())
        ):
            wrong.append((door.name, "shows another domain"))
    assert wrong == []


def test_who_looks_at_this_domain_sees_its_pages_and_changes_nothing(world, things):
    user = _limited(world, "otto@acme.test", [(world.domain.pk, READ)])
    client, member = as_user(user), Membership.objects.get(user=user)
    wrong, seen = [], 0
    for door in ACCOUNT_DOORS:
        path, ability = path_of(door, things), door.view.ability
        status = client.get(path).status_code
        is_open = _is_by_domain(door) and ability in OF_A_DOMAIN and can(member, ability, world.domain.pk)
        if status not in (ANSWERS | ({404} if door.name in LACKING else set()) if is_open else {403, 404, 405}):
            wrong.append(("get", door.name, status))
        seen += is_open
        if door.name != "accounts:people_departure":
            with _undone():
                status = client.post(path).status_code
            if status not in (403, 404, 405) and door.name not in VIEWERS_POST_TO:
                wrong.append(("post", door.name, status))
    assert wrong == []
    assert seen >= 15


def test_an_object_of_another_tenant_is_not_found_in_ones_own_account(world, things):
    client, wrong = as_user(world.charlie), []
    for door in OBJECT_DOORS:
        path = path_of(door, things, account_id=world.stranger_account.pk)
        answers = {client.get(path).status_code, client.post(path).status_code}
        if not answers <= {404, 405} or 404 not in answers:
            wrong.append((door.name, answers))
    assert wrong == []


def test_every_other_address_is_known_to_be_open(world):
    guarded = ("a/<int:account_id>/", *OPEN_TO_ALL)
    for door in doors():
        if door.route.startswith(guarded) or door.arguments:
            continue
        response = Client().get(door.path({}))
        assert response.status_code in (302, 404), f"/{door.route} answers {response.status_code} to anybody"


def test_what_recipients_follow_is_nothing_without_a_token_of_ours(db: None):
    assert len(list(doors("t/"))) >= 4
    for door in doors("t/"):
        for text in ("x", "A" * 64, str(uuid.uuid4())):
            path = door.path(dict.fromkeys(door.arguments, text))
            assert {Client().get(path).status_code, Client().post(path).status_code} <= {404, 405}, door.name


def test_the_support_desk_is_for_staff(world):
    client = as_user(world.alice)
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/sending/message/").status_code in (302, 403)


def _limited(world: World, email: str, levels: list[tuple[int, int]]) -> object:
    user = make_user(email)
    Membership.objects.create(account=world.account, user=user, role=Role.LIMITED, scopes=list(domain_scopes(levels)))
    return user


def _is_by_domain(door: Door) -> bool:
    return "domain_id" in door.arguments or bool(getattr(door.view, "by_domain", False))


@contextmanager
def _undone() -> Iterator[None]:
    """What the request did is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
