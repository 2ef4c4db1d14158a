"""Who may see and do what at the support desk: each role at each of its pages."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.support.roles import Role, make_staff
from mailtrap_site.testing.links import make_links
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_platform, make_user

S, D, B = Role.SUPPORT, Role.DELIVERABILITY, Role.BILLING
OPEN_TO: dict[str, set[Role]] = {
    "": {S, D, B},
    "find/?q=acme": {S, D, B},
    "tenants/{account}/": {S, D, B},
    "visits/{account}/": {S, D},
    "accounts/account/": {S, D, B},
    "accounts/account/{account}/suspend/": {D},
    "accounts/account/{account}/release/": {D},
    "accounts/auditentry/": {S, D, B},
    "accounts/user/": {S, D, B},
    "billing/invoice/": {S, D, B},
    "plans/{account}/": {S, D, B},
    "plans/{account}/grant/": {D, B},
    "plans/{account}/assign/": {B},
    "plans/{account}/grace/": {B},
    "plans/{account}/overage/": {B},
    "requests/": {S, D, B},
    "compliance/": {S, D},
    "compliance/{domain}/": {S, D},
    "compliance/{domain}/suspend/": {D},
    "domains/sendingdomain/": {S, D},
    "sending/message/": {S, D},
    "sending/message/{message}/change/": {S, D},
    "sending/hourbalance/": {S, D},
    "queue/": {S, D},
    "replies/": {S, D},
    "reports/": {S, D},
    "links/": {S, D},
    "links/{links}/": {S, D},
    "links/{links}/dismiss/": {D},
    "links/{links}/account/": {D},
    "health/": {D},
}


@pytest.fixture
def names(world: World) -> dict[str, object]:
    message = make_message(world.domain)
    links = make_links(message)
    return {"account": world.account.pk, "domain": world.domain.pk, "message": message.pk, "links": links.pk}


def staff(role: Role) -> Client:
    user = make_user(f"{role}@platform.test")
    make_staff(user, role)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_each_role_opens_its_pages_and_no_others(names: dict[str, object]) -> None:
    wrong = []
    for role in (S, D, B, Role.SUPERUSER):
        client = staff(role)
        for path, roles in OPEN_TO.items():
            status = client.get(f"/admin/{path.format(**names)}").status_code
            if (status == 200) != (role in roles or role is Role.SUPERUSER) or status not in (200, 302, 403):
                wrong.append((role, path, status))
    assert wrong == []


def test_a_role_that_only_looks_changes_nothing(world: World, names: dict[str, object]) -> None:
    client, account, domain = staff(S), world.account.pk, world.domain.pk
    posts = {
        "queue/": {"verb": "cancel", "account": account, "reason": "x", "confirmed": "yes"},
        f"compliance/{domain}/suspend/": {"reason": "x"},
        f"accounts/account/{account}/suspend/": {"reason": "x"},
        f"plans/{account}/grant/": {"term": "emails_per_month", "value": 1, "until": "open", "reason": "x"},
        "health/": {},
    }
    answers = {path: client.post(f"/admin/{path}", values).status_code for path, values in posts.items()}
    world.account.refresh_from_db()
    assert set(answers.values()) <= {302, 403}, answers
    assert not world.account.is_suspended


def test_a_lesser_role_takes_the_greater_one_away(world: World) -> None:
    user = make_user("kim@platform.test")
    make_staff(user, Role.SUPERUSER)
    make_staff(user, Role.BILLING)
    kim = User.objects.get(pk=user.pk)
    assert kim.is_staff
    assert not kim.is_superuser
    assert not kim.has_perm("sending.view_message")
    assert kim.has_perm("billing.change_subscription")


def test_bootstrap_makes_staff_of_the_role_that_is_named(world: World) -> None:
    make_platform()
    call_command("bootstrap", "--email", "bo@platform.test", "--role", "billing", stdout=StringIO())
    bo = User.objects.get(email="bo@platform.test")
    assert (bo.is_staff, bo.is_superuser, [group.name for group in bo.groups.all()]) == (True, False, ["billing"])
    assert AuditEntry.objects.get(action="staff.granted").changes["role"]["to"] == "billing"
