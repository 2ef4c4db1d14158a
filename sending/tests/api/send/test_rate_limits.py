"""The sending hosts' limit of a token, told in headers, and what the official Python SDK makes of a refusal."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import mailtrap
import pytest
import requests
from django.test import Client

from accounts import rate_limits
from accounts.authentication import forget_tokens
from accounts.rate_limits import TOKEN, take
from accounts.shared_windows import SharedWindows
from mailtrap_site.testing.world import World, make_token
from sending.api.send import asgi, compose
from sending.models import Submission

MAIL = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}
pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining")


@pytest.fixture(autouse=True)
def contract_limits(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
    forget_tokens()


def use(token_id: int, requests: int) -> None:
    assert not any(take(TOKEN, token_id).is_refused for _ in range(requests))


def by_view(secret: str, body: bytes, path: str = "/api/send") -> tuple[int, dict[str, str], Any]:
    """Status, headers with small letters, and body, as a WSGI server answers."""
    answer = Client().post(path, body, content_type="application/json", headers={"Api-Token": secret})
    return answer.status_code, {name.lower(): value for name, value in answer.items()}, answer.json()


def by_loop(secret: str, body: bytes, path: str = "/api/send") -> tuple[int, dict[str, str], Any]:
    """The same, as the event loop answers."""
    fields = {"host": "send.api.mailtrap.io", "content-type": "application/json", "api-token": secret}
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": "POST", "path": path, "client": ("192.0.2.9", 1), "headers": headers}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def hear(message: Any) -> None:
        sent.append(message)

    door = asgi.SendDoor(memory_octets=1_000_000)
    asyncio.run(door(scope, receive, hear))
    door.close()
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, json.loads(sent[1]["body"])


@pytest.fixture(params=[by_view, by_loop])
def post(request: pytest.FixtureRequest, settings: Any) -> Any:
    settings.GROUP_COMMIT_INLINE = request.param is by_view
    return request.param


@pytest.mark.parametrize("path", ["/api/send", "/bulk/api/send"])
def test_every_answer_to_a_token_says_what_is_left(world: World, monkeypatch: pytest.MonkeyPatch, post: Any, path: str):
    good, bad = json.dumps(MAIL).encode(), b"{}"
    for body, status, left in ((good, 200, "149"), (bad, 400, "148")):
        answered, headers, _ = post(world.secret, body, path)
        assert (answered, [headers[name] for name in NAMES]) == (status, ["150", left])
        assert 1 <= int(headers["x-ratelimit-reset"]) <= 10
        assert "retry-after" not in headers
    monkeypatch.setattr(compose, "read_mail", lambda _: 1 / 0)
    status, headers, _ = post(world.secret, good, path)
    assert (status, headers["x-ratelimit-remaining"]) == (500, "147")
    assert not {*NAMES} & post("f" * 32, good, path)[1].keys()


def test_beyond_150_in_ten_seconds_nothing_is_accepted_and_the_answer_is_the_contracts(world: World, post: Any):
    use(world.token.pk, 150)
    status, headers, body = post(world.secret, json.dumps(MAIL).encode())
    assert (status, body["success"], body["errors"]) == (429, False, ["Rate limit exceeded"])
    assert (body["codes"], body["details"][0]["code"]) == (["rate_limited"], "rate_limited")
    assert [headers[name] for name in NAMES] == ["150", "0"]
    assert 1 <= int(headers["retry-after"]) <= 10
    assert headers["retry-after"] == headers["x-ratelimit-reset"]
    assert not Submission.objects.exists()
    assert post(make_token(world.account, "Another")[1], json.dumps(MAIL).encode())[0] == 200


def test_both_streams_and_the_general_api_draw_from_one_pool(world: World):
    use(world.token.pk, 147)
    body = json.dumps(MAIL).encode()
    assert [by_view(world.secret, body, path)[0] for path in ("/api/send", "/bulk/api/send")] == [200, 200]
    general = Client().get("/api/accounts", headers={"Api-Token": world.secret})
    assert (general.status_code, general["X-Ratelimit-Remaining"]) == (200, "0")
    assert by_view(world.secret, body)[0] == 429


def test_the_official_python_sdk_names_the_refusal(world: World, monkeypatch: pytest.MonkeyPatch):
    def answered(_: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        assert request.url is not None
        django = Client().generic(
            request.method or "",
            request.path_url,
            request.body or b"",
            headers={name: str(value) for name, value in request.headers.items() if name != "Content-Length"},
            content_type="application/json",
        )
        answer = requests.Response()
        answer.status_code, answer._content, answer.url = django.status_code, django.content, request.url
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", answered)
    client = mailtrap.MailtrapClient(token=world.secret)
    mail = mailtrap.Mail(
        sender=mailtrap.Address("a@example.test"), to=[mailtrap.Address("r@far.test")], subject="x", text="x"
    )
    use(world.token.pk, 149)
    assert client.send(mail)["success"] is True
    for call in (lambda: client.send(mail), client.general_api.accounts.get_list):
        with pytest.raises(mailtrap.APIError) as refused:
            call()
        assert (refused.value.status, refused.value.errors) == (429, ["Rate limit exceeded"])
