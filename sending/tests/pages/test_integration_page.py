"""The page with the doors: its lines are whole in their language, whatever the reader's address holds."""

import ast
import json
import re
import shlex
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import ApiToken, User
from domains.models import SendingDomain
from mailtrap_site.testing.world import World, make_domain, make_user
from sending.models import Stream
from sending.pages.snippets import WAYS, Kind

pytestmark = pytest.mark.django_db

OVER_HTTP = {way.key for way in WAYS if way.kind in (Kind.API, Kind.SDK)} | {"anymail"}


def page_of(client: Client, world: World, query: str = "") -> str:
    response = client.get(f"/a/{world.account.pk}/integration/{query}")
    assert response.status_code == 200
    return response.content.decode()


def snippet(client: Client, world: World, way: str, more: str = "") -> str:
    found = re.search(r'id="snippet" tabindex="0">(.*?)</pre>', page_of(client, world, f"?with={way}{more}"), re.DOTALL)
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
    words = shlex.split(snippet(signed_in(reader), world, "swaks").replace("\\\n", " "))
    assert words[words.index("--to") + 1] == reader.email
    assert words[words.index("--server") + 1] == "127.0.0.1:2587"


@pytest.mark.parametrize("way", ["python", "python-sdk", "django", "anymail"])
def test_the_python_lines_are_python(
    world: World, reader: User, signed_in: Callable[[User], Client], settings: Settings, way: str
):
    settings.SITE_URL = "https://mail.example.com"
    code = snippet(signed_in(reader), world, way)
    constants = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    assert "hello@example.test" in constants
    assert reader.email in constants or shlex.quote(reader.email) in code


@pytest.mark.parametrize("stream", Stream)
@pytest.mark.parametrize("way", [way.key for way in WAYS])
def test_every_way_leads_to_the_doors_of_its_stream(
    world: World, as_alice: Client, settings: Settings, way: str, stream: Stream
):
    settings.SITE_URL = "https://mail.example.com"
    code = snippet(as_alice, world, way, f"&stream={stream}")
    is_bulk = stream is Stream.BULK
    if way in OVER_HTTP:
        assert "mail.example.com" in code
        assert ("mail.example.com/bulk" in code) is is_bulk
    else:
        assert "2587" in code
        assert re.search(r"\bbulk\b" if is_bulk else r"\bapi\b", code)
    assert "API_TOKEN" in code
    assert "hello@example.test" in code
    assert "{{" not in code
    assert "{%" not in code


def test_each_template_is_a_way():
    folder = Path(__file__).parents[3] / "templates" / "snippets"
    assert sorted(file.stem for file in folder.iterdir()) == sorted(way.key for way in WAYS)


def test_without_a_verified_domain_the_lines_say_so(world: World, as_alice: Client):
    SendingDomain.objects.update(dns_verified_at=None)
    page = page_of(as_alice, world)
    assert "No sending domain is verified yet" in page
    assert "hello@your-domain.example" in page


def test_the_reader_chooses_among_the_domains_of_the_account(world: World, as_alice: Client):
    second = make_domain(world.account, "second.test")
    assert "hello@example.test" in page_of(as_alice, world)
    page = page_of(as_alice, world, f"?domain={second.pk}&stream=bulk")
    assert "hello@second.test" in page
    assert f'name="domain" value="{second.pk}"' in page
    assert f'href="?domain={second.pk}&amp;stream=bulk&amp;with=ruby"' in page
    for nobodys in (world.stranger_domain.pk, "0", "x", "9" * 5000, "9" * 18):
        assert "hello@example.test" in page_of(as_alice, world, f"?domain={nobodys}")


def test_a_token_is_named_by_its_ends_alone(world: World, as_alice: Client):
    page = page_of(as_alice, world)
    assert world.secret not in page
    assert f"{world.secret[:4]}…{world.secret[-4:]}" in page
    ApiToken.objects.filter(account=world.account).delete()
    assert "The account has no API token yet." in page_of(as_alice, world)
