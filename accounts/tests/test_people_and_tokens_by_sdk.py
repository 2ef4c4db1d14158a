"""Accounts, accesses, permissions and tokens by the official Python SDK, and by the paths of newer clients."""

from datetime import timedelta

import mailtrap
import pytest
from django.test import Client
from django.utils import timezone
from mailtrap.exceptions import APIError
from mailtrap.models.accounts import AccountAccessFilterParams
from mailtrap.models.api_tokens import ApiTokenResource, CreateApiTokenParams, ResetApiTokenParams
from mailtrap.models.permissions import PermissionResourceParams

from accounts import invitations, seats
from accounts.authentication import authenticate_token, forget_tokens
from accounts.models import ApiToken, AuditEntry, Invitation, Membership, Role
from accounts.people import By, Rights, domain_scopes
from accounts.scopes import READ
from mailtrap_site.testing.sdk_to_client import ToDjango
from mailtrap_site.testing.world import make_domain, make_token, make_user

pytestmark = [pytest.mark.outside("mailtrap-python")]


def sdk(secret: str) -> mailtrap.api.general.GeneralApi:
    api = mailtrap.MailtrapClient(token=secret).general_api
    api._client._session.mount("https://", ToDjango())
    return api


def test_accounts_and_resources(world):
    api = sdk(world.secret)
    [account] = api.accounts.get_list()
    assert (account.id, account.access_levels) == (world.account.pk, [100])
    [tree] = api.permissions.get_resources(world.account.pk)
    assert (tree.type, tree.id, tree.access_level) == ("account", world.account.pk, 100)
    assert [(one.type, one.name) for one in tree.resources if one.type == "domain"] == [("domain", "example.test")]


def test_a_token_of_one_domain_may_grant_that_domain_alone(world):
    scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}
    _token, secret = make_token(world.account, "Domain", [scope])
    [only] = sdk(secret).permissions.get_resources(world.account.pk)
    assert (only.type, only.id) == ("domain", world.domain.pk)
    for call in (sdk(secret).account_accesses.get_list, sdk(secret).api_tokens.get_list):
        with pytest.raises(APIError) as refused:
            call(world.account.pk)
        assert refused.value.status == 403


def test_accesses_with_their_filters(world, monkeypatch):
    monkeypatch.setattr(seats, "_limit", lambda account: None)
    other = make_domain(world.account, "other.test")
    limited = make_user("lim@acme.test")
    scopes = list(domain_scopes([(other.pk, READ)]))
    Membership.objects.create(account=world.account, user=limited, role=Role.LIMITED, scopes=scopes)
    make_user("bill@acme.test", world.account, Role.BILLING)
    invitations.invite(world.account, "ivy@new.test", Rights(Role.ADMIN), By())
    api = sdk(world.secret).account_accesses
    found = {one.specifier.email: one for one in api.get_list(world.account.pk)}
    levels = {email: [resource.access_level for resource in one.resources] for email, one in found.items()}
    assert levels == {
        "alice@acme.test": [1000],
        "bob@acme.test": [100],
        "vera@acme.test": [10],
        "lim@acme.test": [10],
        "bill@acme.test": [1],
        "ivy@new.test": [100],
    }
    assert found["ivy@new.test"].specifier_type == "Invite"
    assert not found["alice@acme.test"].permissions.can_destroy
    of_other = api.get_list(world.account.pk, AccountAccessFilterParams(domain_ids=[str(other.pk)]))
    of_first = api.get_list(world.account.pk, AccountAccessFilterParams(domain_ids=[str(world.domain.pk)]))
    assert "lim@acme.test" in {one.specifier.email for one in of_other}
    assert not {"lim@acme.test", "bill@acme.test"} & {one.specifier.email for one in of_first}


def test_accesses_are_ended_but_not_those_of_owners(world, monkeypatch):
    monkeypatch.setattr(seats, "_limit", lambda account: None)
    invitations.invite(world.account, "ivy@new.test", Rights(Role.ADMIN), By())
    api = sdk(world.secret).account_accesses
    ids = {one.specifier.email: one.id for one in api.get_list(world.account.pk)}
    assert len(set(ids.values())) == len(ids)
    for email in ("vera@acme.test", "ivy@new.test"):
        assert api.delete(world.account.pk, ids[email]).id == ids[email]
    assert not world.account.memberships.filter(user=world.vera).exists()
    assert not Invitation.objects.exists()
    assert AuditEntry.objects.get(action="membership.removed").actor_name == "token “Test”"
    for number, status in ((ids["alice@acme.test"], 403), (ids["vera@acme.test"], 404)):
        with pytest.raises(APIError) as refused:
            api.delete(world.account.pk, number)
        assert refused.value.status == status


def test_permissions_change_a_members_role_and_domains(world):
    api, account_id = sdk(world.secret), world.account.pk
    ids = {one.specifier.email: one.id for one in api.account_accesses.get_list(account_id)}

    def update(email: str, *given: dict[str, object]) -> Membership:
        params = [PermissionResourceParams(**one) for one in given]
        done = api.permissions.bulk_permissions_update(account_id, ids[email], params)
        assert done.message == "Permissions have been updated!"
        return world.account.memberships.get(user__email=email)

    whole = {"resource_id": str(account_id), "resource_type": "account"}
    domain = {"resource_id": str(world.domain.pk), "resource_type": "domain"}
    assert update("vera@acme.test", {**whole, "access_level": "admin"}).role == Role.ADMIN
    assert update("vera@acme.test", {**whole, "access_level": "10"}).role == Role.VIEWER
    body = {"permissions": [{**whole, "_destroy": True}, {**domain, "access_level": 100}]}
    path = f"/api/account_accesses/{ids['vera@acme.test']}/permissions/bulk"
    headers = {"Authorization": f"Bearer {world.secret}"}
    assert Client().put(path, body, "application/json", headers=headers).status_code == 200
    limited = world.account.memberships.get(user=world.vera)
    assert (limited.role, limited.scopes) == (Role.LIMITED, list(domain_scopes([(world.domain.pk, 100)])))
    assert update("vera@acme.test", {**domain, "access_level": "viewer"}).scopes[0]["access_level"] == 10
    for given in (
        {"resource_id": str(world.stranger_domain.pk), "resource_type": "domain", "access_level": "viewer"},
        {**whole, "access_level": "1000"},
    ):
        with pytest.raises(APIError) as refused:
            update("vera@acme.test", given)
        assert refused.value.status == 422
    with pytest.raises(APIError) as refused:
        update("alice@acme.test", {**whole, "access_level": "viewer"})
    assert refused.value.status == 403


def test_the_life_of_a_token(world, django_capture_on_commit_callbacks):
    api, account_id = sdk(world.secret).api_tokens, world.account.pk
    resources = [ApiTokenResource(resource_type="domain", resource_id=world.domain.pk, access_level=100)]
    made = api.create(account_id, CreateApiTokenParams(name="Shop", resources=resources))
    assert authenticate_token(made.token).scopes[0]["resource_id"] == world.domain.pk
    assert made.last_4_digits == made.token[-4:]
    stored = ApiToken.objects.get(pk=made.id)
    assert timedelta(days=364) < stored.expires_at - timezone.now() <= timedelta(days=365)
    assert "Shop" in {one.name for one in api.get_list(account_id)}
    assert not hasattr(api.get_by_id(account_id, made.id), "token")
    with django_capture_on_commit_callbacks(execute=True):
        again = api.reset(account_id, made.id)
    assert (again.id != made.id, again.name) == (True, f"Shop ({again.id})")
    forget_tokens()
    assert authenticate_token(made.token) is not None
    left = ApiToken.objects.get(pk=made.id).expires_at - timezone.now()
    assert timedelta(hours=11) < left <= timedelta(hours=12)
    with pytest.raises(APIError) as refused:
        api.reset(account_id, made.id)
    assert refused.value.status == 422
    for_ever = api.reset(account_id, again.id, ResetApiTokenParams(expires_at=None))
    assert for_ever.expires_at is None
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(account_id, for_ever.id).id == for_ever.id
    assert authenticate_token(for_ever.token) is None
    with pytest.raises(APIError) as gone:
        api.get_by_id(account_id, for_ever.id)
    assert gone.value.status == 404


def test_a_token_for_nothing_for_the_past_or_for_somebody_elses_domain_is_not_made(world):
    api, account_id = sdk(world.secret).api_tokens, world.account.pk
    own = [ApiTokenResource(resource_type="account", resource_id=account_id, access_level=10)]
    foreign = [ApiTokenResource(resource_type="domain", resource_id=world.stranger_domain.pk, access_level=10)]
    past, far = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=2000)
    for params in (
        CreateApiTokenParams(name="A"),
        CreateApiTokenParams(name="", resources=own),
        CreateApiTokenParams(name="A", resources=foreign),
        CreateApiTokenParams(name="A", resources=own, expires_at=past.isoformat()),
        CreateApiTokenParams(name="A", resources=own, expires_at=far.isoformat()),
    ):
        with pytest.raises(APIError) as refused:
            api.create(account_id, params)
        assert refused.value.status == 422
    with pytest.raises(APIError, match="No permissions selected"):
        api.create(account_id, CreateApiTokenParams(name="A"))
    assert world.account.tokens.count() == 1


def test_newer_clients_ask_without_the_account(world):
    headers = {"Api-Token": world.secret}
    for path in ("api_tokens", "account_accesses", "permissions/resources"):
        old = Client().get(f"/api/accounts/{world.account.pk}/{path}", headers=headers)
        new = Client().get(f"/api/{path}", headers=headers)
        assert (new.status_code, new.json()) == (200, old.json())
