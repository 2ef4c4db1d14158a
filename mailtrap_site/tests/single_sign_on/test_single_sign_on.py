"""Members sign in at their own identity provider: tried with `oidc-provider`, which others wrote, over the loopback."""

import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, seats, single_sign_on, two_factor
from accounts.models import AuditEntry, Membership, Notification, Role, SingleSignOn, User
from accounts.models.single_sign_on import slug_of
from accounts.people import By, Rights
from accounts.single_sign_on import Wanted
from domains.models import SendingDomain
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.single_sign_on import guarded_session, saml
from mailtrap_site.single_sign_on.adapter import SocialAccountAdapter
from mailtrap_site.single_sign_on.discovery import NoProvider, issuer_of
from mailtrap_site.testing.outside import NODE_DIR
from mailtrap_site.testing.world import PASSWORD, World, make_user
from mailtrap_site.tests.single_sign_on.conftest import signed_in

SECRET = "secret-of-the-client"
Start = Callable[[World], str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the provider for an account; its issuer."""
    running: list[subprocess.Popen[str]] = []

    def run(world: World) -> str:
        port = free_port()
        callback = f"http://testserver{reverse('openid_connect_callback', args=[slug_of(world.account.pk)])}"
        command = ["node", "identity_provider.mjs", str(port), callback]
        running.append(subprocess.Popen(command, cwd=NODE_DIR, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout
        while "ready" not in (line := running[-1].stdout.readline()):
            assert line, "the provider ended"
        return f"http://127.0.0.1:{port}"

    yield run
    for process in running:
        process.kill()
        process.wait()


def set_up(world: World, issuer: str, *, enforced: bool = False) -> SingleSignOn:
    wanted = Wanted(issuer, "mail", SECRET, ["acme.test"], Role.VIEWER, enforced)
    return single_sign_on.save(world.account, wanted)


def sign_in(world: World, email: str, client: Client | None = None) -> tuple[Client, Any]:
    """Goes to the provider, signs in there as `email`, agrees, and comes back."""
    client = client or Client()
    to_provider = client.get(reverse("openid_connect_login", args=[slug_of(world.account.pk)]))
    assert to_provider.status_code == 302, to_provider.content.decode()
    session = requests.Session()
    session.trust_env = False
    answer = session.get(to_provider["Location"])
    for fields in ({"login": email, "password": "x"}, {}):
        form = dict(re.findall(r'name="(\w+)" value="(\w*)"', answer.text))
        [action] = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)
        answer = session.post(action, data=form | fields, allow_redirects=False)
        while answer.is_redirect and "testserver" not in answer.headers["Location"]:
            answer = session.get(requests.compat.urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
        if answer.is_redirect:
            break
    path = answer.headers["Location"].removeprefix("http://testserver")
    return client, client.get(path)


@pytest.mark.outside("oidc-provider")
def test_members_newcomers_and_who_may_not(offered: World, start: Start):
    """One provider for all cases, since it takes a second to start."""
    set_up(offered, issuer_of(start(offered)))
    client, answer = sign_in(offered, "vera@acme.test")
    assert (answer.status_code, signed_in(client)) == (302, offered.vera)
    two_factor.require_from(offered.account, timezone.now())
    tokens = reverse("accounts:tokens", args=[offered.account.pk])
    assert client.get(tokens).status_code == 200, "the provider asks for factors itself"
    by_password = Client()
    by_password.post("/accounts/login/", {"login": "vera@acme.test", "password": PASSWORD})
    assert by_password.get(tokens).status_code == 302
    client, _answer = sign_in(offered, "olga@acme.test")
    olga = User.objects.get(email="olga@acme.test")
    assert signed_in(client) == olga
    assert (olga.name, olga.has_usable_password()) == ("Olga Ortiz", False)
    assert Membership.objects.get(user=olga).role == Role.VIEWER
    assert AuditEntry.objects.filter(action="single_sign_on.joined", actor=olga).count() == 1
    client, _again = sign_in(offered, "olga@acme.test")
    assert signed_in(client) == olga
    for email in ("charlie@strangers.test", "unproved@acme.test"):
        client, answer = sign_in(offered, email)
        assert (answer.status_code, signed_in(client)) == (403, None)
        assert "is not an address that Acme may sign in" in answer.content.decode()
    Membership.objects.filter(user=olga).delete()
    client, answer = sign_in(offered, "olga@acme.test")
    assert "You are no longer a member of Acme" in answer.content.decode()
    assert signed_in(client) is None
    SendingDomain.objects.filter(name="acme.test").update(records_gone_since=timezone.now())
    client, answer = sign_in(offered, "vera@acme.test")
    assert (answer.status_code, signed_in(client)) == (403, None)


@pytest.mark.outside("oidc-provider")
def test_nobody_connects_a_provider_to_who_is_signed_in_already(offered: World, start: Start):
    """Else an account's provider could later sign in as the person whose browser was led there."""
    set_up(offered, issuer_of(start(offered)))
    client = Client()
    client.force_login(offered.charlie)
    url = reverse("openid_connect_login", args=[slug_of(offered.account.pk)])
    client.get(f"{url}?process=connect")
    _client, answer = sign_in(offered, "vera@acme.test", client)
    assert not SocialAccount.objects.filter(user=offered.charlie).exists()
    assert answer.status_code in (302, 403)


def test_who_joins_takes_a_seat_and_where_none_is_left_the_owners_read_it(
    offered: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
):
    row = set_up(offered, "https://login.acme.test")
    invitation = invitations.invite(offered.account, "ivy@acme.test", Rights(Role.ADMIN), By())
    taken, _limit = seats.seats_of(offered.account)
    monkeypatch.setattr(seats, "_limit", lambda _account: taken)
    adapter = SocialAccountAdapter()
    mail.outbox.clear()
    for _time in range(2):
        account = SocialAccount(provider=row.slug, uid="1", extra_data={"id_token": claims(row, "olga@acme.test")})
        with django_capture_on_commit_callbacks(execute=True), pytest.raises(ImmediateHttpResponse) as refused:
            adapter.pre_social_login(RequestFactory().get("/"), SocialLogin(user=User(), account=account))
        page = refused.value.response
        assert (page.status_code, f"All {taken} seats of Acme are taken" in page.content.decode()) == (403, True)
    assert not User.objects.filter(email="olga@acme.test").exists(), "nothing is left of who was turned away"
    [notice] = Notification.objects.filter(kind="membership.no_seat")
    assert (notice.user, "olga@acme.test" in notice.title) == (offered.alice, True)
    assert [letter.to for letter in mail.outbox] == [["alice@acme.test"]]
    assert single_sign_on.join(row, "vera@acme.test", "Vera") == offered.vera, "a member needs no further seat"
    ivy = single_sign_on.join(row, invitation.email, "Ivy")
    assert Membership.objects.get(user=ivy).role == Role.ADMIN, "the seat and the rights of the invitation"
    assert seats.seats_of(offered.account)[0] == taken


def claims(row: SingleSignOn, email: str) -> dict[str, str]:
    return {"iss": row.issuer, "sub": email, "email": email}


def test_where_it_is_enforced_a_password_is_refused_with_the_reason(offered: World):
    set_up(offered, "https://login.acme.test", enforced=True)
    client = Client()
    answer = client.post("/accounts/login/", {"login": "vera@acme.test", "password": PASSWORD})
    assert answer.status_code == 403
    assert "Acme lets its members in through its own identity provider only" in answer.content.decode()
    assert signed_in(client) is None
    client.post("/accounts/login/", {"login": "alice@acme.test", "password": PASSWORD})
    assert signed_in(client) == offered.alice
    outsider, client = make_user("bob@elsewhere.test", offered.account, Role.ADMIN), Client()
    client.post("/accounts/login/", {"login": outsider.email, "password": PASSWORD})
    assert signed_in(client) == outsider


def test_the_address_leads_to_the_provider_of_its_account_alone(offered: World):
    set_up(offered, "https://login.acme.test")
    assert "https://login.acme.test" in Client().post("/sso/", {"email": "any@acme.test"}).content.decode()
    for email in ("any@strangers.test", "nonsense"):
        assert Client().post("/sso/", {"email": email}).status_code == 422
    assert "login.acme.test" not in Client().get("/accounts/login/").content.decode()


def test_only_an_owner_with_the_plan_and_a_proved_domain_sets_it_up(offered: World, monkeypatch: pytest.MonkeyPatch):
    page = reverse("single_sign_on:settings", args=[offered.account.pk])
    client = Client()
    client.force_login(offered.bob)
    assert client.get(page).status_code == 403
    client.force_login(offered.alice)
    sent = {"issuer": "http://127.0.0.1:1", "client_id": "mail", "client_secret": SECRET, "first_role": "viewer"}
    refused = client.post(page, sent | {"email_domains": ["strangers.test"]})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"issuer", "email_domains"}
    assert "/accounts/oidc/account-" in refused.content.decode()
    assert SECRET not in refused.content.decode()
    client.force_login(offered.charlie)
    own = reverse("single_sign_on:settings", args=[offered.stranger_account.pk])
    assert "Your plan does not include single sign-on" in client.get(own).content.decode()


def test_without_its_library_saml_is_explained_to_owners_and_members(offered: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(saml, "is_here", lambda: False)
    page = reverse("single_sign_on:settings", args=[offered.account.pk])
    client = Client()
    client.force_login(offered.alice)
    shown = client.get(f"{page}?protocol=saml").content.decode()
    assert "make requirements-saml" in shown and "Entity ID" not in shown
    assert client.post(f"{page}?protocol=saml", {"issuer": "urn:x"}).status_code == 422
    assert "Entity ID" not in client.get(page).content.decode()
    row = set_up(offered, "urn:example:provider")
    SingleSignOn.objects.update(protocol=SingleSignOn.Protocol.SAML, sso_url="https://login.acme.test/saml")
    row.refresh_from_db()
    assert Client().get(row.login_path).status_code == 503
    assert "login.acme.test" in Client().post("/sso/", {"email": "any@acme.test"}).content.decode()


def test_the_secret_is_sealed_and_in_no_log(offered: World):
    row = set_up(offered, "https://login.acme.test")
    single_sign_on.save(offered.account, Wanted(row.issuer, "mail", "", ["acme.test"], Role.ADMIN, True))
    assert SingleSignOn.objects.get().client_secret == SECRET
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM accounts_singlesignon")
        assert SECRET not in cursor.fetchone()[0]
    assert not any(SECRET in str(entry.changes) for entry in AuditEntry.objects.all())
    assert single_sign_on.end(offered.account)


@pytest.mark.parametrize(
    "issuer", ["https://127.0.0.1", "https://10.0.0.1/", "http://login.example.com", "https://[::1]"]
)
def test_a_provider_must_be_public_and_served_over_https(settings: Any, issuer: str):
    settings.DEBUG = False
    with pytest.raises(NoProvider):
        issuer_of(issuer)


def test_private_addresses_are_reached_while_debugging_alone(settings: Any):
    settings.DEBUG = False
    assert [guarded_session.may_reach(one) for one in ("127.0.0.1", "192.168.0.1", "8.8.8.8")] == [False, False, True]
    settings.DEBUG = True
    assert guarded_session.may_reach("127.0.0.1")
