"""The page with the doors: its lines work as pasted, and a test email goes through the one door."""

import ast
import json
import re
import shlex
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import ApiToken, User
from domains.models import SendingDomain
from mailtrap_site.testing.world import World, make_user
from sending.models import Message, Submission

pytestmark = pytest.mark.django_db


def snippet(client: Client, world: World, way: str) -> str:
    page = client.get(f"/a/{world.account.pk}/integration/?with={way}").content.decode()
    found = re.search(r'id="snippet" tabindex="0">(.*?)</pre>', page, re.DOTALL)
    assert found
    return unescape(re.sub(r"<[^>]+>", "", found[1]))


@pytest.fixture(params=["alice", "o'brien$(id)`x`"])
def reader(request: pytest.FixtureRequest, world: World) -> User:
    """Also one whose address would break careless quoting."""
    return make_user(f"{request.param}@quoted.test", world.account)


def test_the_curl_line_is_one_command_with_valid_json(
    world: World, reader: User, signed_in: Callable[[User], Client], settings: Settings
):
    words = shlex.split(snippet(signed_in(reader), world, "curl").replace("\\\n", " "))
    assert words[:2] == ["curl", f"{settings.SITE_URL}/api/send"]
    assert "Authorization: Bearer $API_TOKEN" in words
    body = json.loads(words[words.index("-d") + 1])
    assert body["from"] == {"email": "hello@example.test"}
    assert body["to"] == [{"email": reader.email}]


def test_the_swaks_line_is_one_command(world: World, reader: User, signed_in: Callable[[User], Client]):
    words = shlex.split(snippet(signed_in(reader), world, "smtp").replace("\\\n", " "))
    assert words[words.index("--to") + 1] == reader.email
    assert words[words.index("--server") + 1] == "127.0.0.1:2587"


def test_the_python_lines_are_python(world: World, reader: User, signed_in: Callable[[User], Client]):
    tree = ast.parse(snippet(signed_in(reader), world, "python"))
    assert reader.email in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def test_the_node_lines_name_the_port_and_the_password(world: World, as_alice: Client):
    lines = snippet(as_alice, world, "node")
    assert "port: 2587" in lines
    assert "process.env.API_TOKEN" in lines


def test_without_a_verified_domain_the_lines_say_so(world: World, as_alice: Client):
    SendingDomain.objects.update(dns_verified_at=None)
    page = as_alice.get(f"/a/{world.account.pk}/integration/").content.decode()
    assert "No sending domain is verified yet" in page
    assert "hello@your-domain.example" in page


def send(client: Client, world: World) -> str:
    response = client.post(f"/a/{world.account.pk}/test-email/")
    assert response.status_code == 302, response.status_code
    return str(response["Location"])


def test_a_test_email_goes_through_the_door_to_the_reader(world: World, as_alice: Client):
    location = send(as_alice, world)
    message = Message.objects.get()
    assert location == f"/a/{world.account.pk}/log/{message.pk}/"
    assert (message.recipient, message.from_address) == ("alice@acme.test", "test@example.test")
    assert Submission.objects.get().door == "internal"
    page = as_alice.get(location).content.decode()
    assert "The test email was accepted." in page
    assert "from the dashboard" in page


def test_what_is_missing_for_a_test_email_is_named(world: World, as_alice: Client):
    ApiToken.objects.filter(account=world.account).delete()
    assert send(as_alice, world) == f"/a/{world.account.pk}/tokens/"
    SendingDomain.objects.update(dns_verified_at=None)
    assert send(as_alice, world) == f"/a/{world.account.pk}/domains/"
    assert not Message.objects.exists()


def test_a_refusal_is_told(world: World, as_alice: Client):
    world.account.state = "suspended"
    world.account.save()
    assert send(as_alice, world) == f"/a/{world.account.pk}/integration/"
    assert (
        "The test email was not accepted: The account is suspended."
        in as_alice.get(f"/a/{world.account.pk}/integration/").content.decode()
    )


def test_who_may_not_send_is_refused(world: World, signed_in: Callable[[User], Client]):
    path = f"/a/{world.account.pk}/test-email/"
    assert signed_in(world.vera).post(path).status_code == 403
    assert signed_in(world.charlie).post(path).status_code == 404
    assert signed_in(world.bob).get(path).status_code == 405
    assert "may not send" in signed_in(world.vera).get(f"/a/{world.account.pk}/integration/").content.decode()
