"""Generated from the URL map and the API's document: each endpoint, in both dialects, asked by every kind of token.

Each test walks all endpoints with one world and lists every wrong answer, so that a failure names endpoint and token.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from accounts.scopes import ADMIN, READ
from domains import setup
from domains.models import CompanyInfo
from mailtrap_site.api import api
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.roomy import Term, make_roomy
from mailtrap_site.testing.url_map import doors
from mailtrap_site.testing.world import World, _key_pair, make_domain, make_token
from mailtrap_site.tests.endpoint_levels import LEAST, Least, bodies, questions
from mailtrap_site.tests.tenants_things import READER, make_things
from sending.api.send.routes import PATHS
from sending.submission.submit import submit
from sending.tests.drafts import draft

PEOPLE: dict[str, set[Least]] = {
    "admin": set(Least),
    "viewer": {Least.ANY, Least.READ_DOMAIN, Least.READ_ACCOUNT},
    "admin of the domain": {Least.ANY, Least.READ_DOMAIN, Least.ADMIN_DOMAIN, Least.SEND},
    "viewer of the domain": {Least.ANY, Least.READ_DOMAIN},
    "admin of another domain": {Least.ANY},
    "sends only": {Least.SEND, Least.SEND_TO_SANDBOX},
    "opens nothing": {Least.ANY},
}
"""What the token of each opens."""
SENDING = {Least.SEND, Least.SEND_TO_SANDBOX}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOT_THERE = {"GET /email_logs/exports/{export_id}/file"}
"""404 for whoever may: the example has no file."""
OPEN = {"", "docs", "openapi.json", "leaked_tokens"}
"""Below /api/, for everybody: the document itself, and reports of tokens that were found."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """With keys that take no time to make, and a DNS that knows no name."""
    monkeypatch.setattr(setup, "generate", lambda: _key_pair("any"))
    make_roomy(world.account, Term.DOMAINS)
    make_roomy(world.stranger_account, Term.DOMAINS)
    CompanyInfo.objects.create(account=world.account, name="Acme")
    with resolving(StoredZones({})):
        yield world


@pytest.fixture
def things(world: World) -> dict[str, Any]:
    """The objects of Alice's account; a message that waits for its time is what all endpoints of messages know."""
    [scheduled] = submit([draft(world, send_at=timezone.now() + timedelta(hours=1), recipients=(("to", READER),))])
    return make_things(world) | {"message_id": scheduled.message_ids[0]}


def test_each_endpoint_has_its_line_and_answers_no_other_method(things):
    assert {endpoint for endpoint, _path in _addresses()} == set(LEAST)
    wrong, known = [], {door.route for door in doors("api/") if _plain("/" + door.route)[1:] not in OPEN}
    for route in known:
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        for method in METHODS:
            if f"{method} {_plain(path)}" in LEAST:
                continue
            answer = Client().generic(method, path.format(**things))
            if answer.status_code != 405:
                wrong.append((method, path, answer.status_code))
    assert wrong == []
    assert len(known) >= 80


def test_each_token_opens_what_its_level_allows(world, things):
    other = make_domain(world.account, "other.test")
    secrets = {
        "admin": _token(world, "account", world.account.pk, ADMIN),
        "viewer": _token(world, "account", world.account.pk, READ),
        "admin of the domain": _token(world, "domain", world.domain.pk, ADMIN),
        "viewer of the domain": _token(world, "domain", world.domain.pk, READ),
        "admin of another domain": _token(world, "domain", other.pk, ADMIN),
        "sends only": _token(world, "account", world.account.pk, ADMIN, sends_only=True),
        "opens nothing": make_token(world.account, "nothing", scopes=[])[1],
    }
    wrong = []
    for person, secret in secrets.items():
        sees_nothing = person in ("admin of another domain", "opens nothing")
        for endpoint, path in _addresses():
            answer = _ask(endpoint, path, things, secret)
            status = _status_of(answer)
            if LEAST[endpoint] not in PEOPLE[person]:
                is_right = status == 403 or (status == 404 and sees_nothing)
            elif endpoint in NOT_THERE:
                is_right = status == 404
            else:
                is_right = status < 300 or status in (409, 422)
                if sees_nothing and _shows_example(answer):
                    wrong.append((person, endpoint, path, "shows another domain"))
            if not is_right:
                wrong.append((person, endpoint, path, status))
    assert wrong == []


def test_another_tenants_token_and_none_open_nothing_of_an_account(world, things):
    """In the dialect that names an account: Alice's, and Charlie's own with her objects; and in the one without."""
    wrong, own = [], world.stranger_account.pk
    for endpoint, path in _addresses():
        is_sending = LEAST[endpoint] in SENDING
        if "{account_id}" in path or "{organization_id}" in path:
            status = _ask(endpoint, path, things, world.stranger_secret).status_code
            if status != 403:
                wrong.append((endpoint, path, "of another account", status))
        answer = _ask(endpoint, path, things | {"account_id": own, "organization_id": own}, world.stranger_secret)
        status = _status_of(answer)
        if status not in (
            {404}
            if "_id}" in endpoint.replace("{organization_id}", "")
            else {401, 403}
            if is_sending
            else {200, 201, 202, 403, 422}
        ):
            wrong.append((endpoint, path, "of their own", status))
        elif status < 300 and _shows_example(answer):
            wrong.append((endpoint, path, "shows what is Alice's"))
        status = _ask(endpoint, path, things, "").status_code
        if status != 401:
            wrong.append((endpoint, path, "without a token", status))
    assert wrong == []


def _addresses() -> Iterator[tuple[str, str]]:
    """Each endpoint with each path that leads to it."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            yield f"{method.upper()} {_plain(path)}", path
            if path in PATHS:
                yield f"{method.upper()} {_plain(path)}/{{sandbox_id}}", path + "/{sandbox_id}"


def _plain(path: str) -> str:
    """Without the account and what else tells the dialects apart."""
    path = re.sub(r"^/(bulk/)?api", "", path).replace("/accounts/{account_id}", "")
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path).replace("sending_domains", "domains")


def _ask(endpoint: str, path: str, things: dict[str, Any], secret: str) -> HttpResponseBase:
    """What it did is taken back."""
    method, _, _plain_path = endpoint.partition(" ")
    body = json.dumps(bodies(things).get(endpoint, {})) if method not in ("GET", "DELETE") else ""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    address = path.format(**things) + questions().get(endpoint, "")
    with transaction.atomic():
        answer = Client().generic(method, address, body, content_type="application/json", headers=headers)
        transaction.set_rollback(True)
    return answer


def _status_of(answer: HttpResponseBase) -> int:
    """A batch of one is answered 200, with the mail's own answer inside."""
    content = json.loads(getattr(answer, "content", b"") or b"{}")
    [inside] = content["responses"] if isinstance(content, dict) and "responses" in content else [{"success": True}]
    return answer.status_code if inside["success"] else 403


def _shows_example(answer: HttpResponseBase) -> bool:
    content: bytes = getattr(answer, "content", b"")
    return any(word in content for word in (b"example.test", READER.encode(), b"Mine"))


def _token(world: World, kind: str, number: int, level: int, *, sends_only: bool = False) -> str:
    scope = {"resource_type": kind, "resource_id": number, "access_level": level}
    token, secret = make_token(world.account, f"{kind} {level}", scopes=[scope])
    ApiToken.objects.filter(pk=token.pk).update(sends_only=sends_only)
    return secret
