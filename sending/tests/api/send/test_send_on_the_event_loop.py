"""The sending API as the web server sees it: an ASGI application without threads, sessions and CSRF, within bounds."""

import asyncio
import json
import time

import pytest

from accounts.authentication import authenticate_token, forget_tokens
from mailtrap_site import asgi
from mailtrap_site.asgi import application
from sending.api.send import asgi as send_asgi
from sending.api.send import request_body
from sending.models import Stream, Submission, Suppression

MAIL = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}

SILENCE = None
"""In place of a part: the client sends nothing more and stays."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def real_group_commit(settings):
    settings.GROUP_COMMIT_INLINE = False
    forget_tokens()


@pytest.fixture
def door(world):
    made = send_asgi.SendDoor(memory_octets=1_000_000)
    yield made
    made.close()


@pytest.fixture
def ask(door, world):
    def _ask(**request):
        request = {"api_token": world.secret, **request}
        return Request(**request).answered_by(door)

    return _ask


class Request:
    """One request in parts; what the application read of it and what it answered."""

    def __init__(self, path="/api/send", body=b"", parts=None, gone=False, method="POST", **headers):
        fields = {"host": "send.api.mailtrap.io", "content-type": "application/json", **headers}
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "client": ("192.0.2.9", 4711),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()],
        }
        self.parts = list(parts if parts is not None else [body])
        self.gone = gone
        self.read = 0
        self.sent = []

    async def receive(self):
        if self.gone and not self.parts:
            return {"type": "http.disconnect"}
        part = self.parts.pop(0)
        if part is SILENCE:
            await asyncio.sleep(60)
        self.read += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts) or self.gone}

    async def send(self, message):
        self.sent.append(message)

    def answered_by(self, app):
        asyncio.run(app(self.scope, self.receive, self.send))
        if not self.sent:
            return None
        headers = {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}
        return self.sent[0]["status"], headers, json.loads(b"".join(one.get("body", b"") for one in self.sent))


def test_a_mail_is_accepted_with_nothing_but_a_token(ask, world):
    bearer = {"api_token": "", "authorization": f"Bearer {world.secret}"}
    status, headers, body = ask(body=json.dumps(MAIL).encode(), **bearer)
    assert (status, body["success"]) == (200, True)
    limits = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert set(headers) == {"content-type", "content-length", "x-content-type-options"} | limits
    submission = Submission.objects.get()
    assert (submission.client_ip, submission.stream) == ("192.0.2.9", Stream.TRANSACTIONAL)


def test_path_and_host_choose_the_stream(ask):
    data = json.dumps(MAIL).encode()
    assert ask(path="/bulk/api/send", body=data)[0] == 200
    assert ask(body=data, host="bulk.api.mailtrap.io:443")[0] == 200
    assert set(Submission.objects.values_list("stream", flat=True)) == {Stream.BULK}


def test_a_body_may_come_in_parts_and_without_a_length(ask):
    data = json.dumps(MAIL).encode()
    assert ask(parts=[data[:10], b"", data[10:30], data[30:]])[0] == 200


def test_a_client_that_leaves_in_the_middle_gets_nothing_and_leaves_nothing(ask):
    assert ask(parts=[b'{"from"'], gone=True) is None
    assert not Submission.objects.exists()


@pytest.mark.parametrize("path", ["/api/send", "/bulk/api/send"])
def test_a_stranger_is_refused_and_his_body_is_not_kept(door, path):
    request = Request(path=path, parts=[b"x" * 50_000] * 100, api_token="0" * 32)
    status, _, body = request.answered_by(door)
    assert (status, body["errors"]) == (401, ["Unauthorized"])
    assert request.read <= send_asgi.READ_ON_THE_LOOP + 50_000


def test_another_method_is_named_in_the_answer(ask):
    status, headers, _ = ask(method="GET")
    assert (status, headers["allow"]) == (405, "POST")


def test_a_body_beyond_the_limit_is_refused_by_its_length_or_while_it_comes(ask, settings):
    settings.MESSAGE_MAX_BYTES = 70_000
    assert ask(body=b"{}", content_length="98001")[0] == 413
    assert ask(body=b"{}", content_length="98000")[0] == 400
    assert ask(parts=[b"x" * 60_000] * 2)[0] == 413


def test_what_all_requests_hold_is_bounded_and_given_back(ask, door):
    data = json.dumps(MAIL).encode()
    status, headers, _ = ask(parts=[b" " * 400_000, data])
    assert (status, headers["retry-after"]) == (503, "5")
    assert ask(parts=[b" " * 200_000, data])[0] == 200
    assert (door._memory.whole.held, door._memory.accounts) == (0, {})


def test_one_account_never_takes_the_memory_of_the_others(world, ask, door, monkeypatch):
    monkeypatch.setattr(request_body, "STALL_SECONDS", 0.5)

    async def together():
        slow = [
            Request(parts=[b" " * 150_000, SILENCE], api_token=world.secret, content_length="9000000") for _ in range(9)
        ]
        asked = asyncio.gather(*(door(one.scope, one.receive, one.send) for one in slow))
        await asyncio.sleep(0.2)
        held = door._memory.whole.held
        await asked
        return held, sorted(one.sent[0]["status"] for one in slow)

    authenticate_token(world.secret)
    assert asyncio.run(together()) == (163_840, [408] + [503] * 8)
    assert (door._memory.whole.held, door._memory.accounts) == (0, {})


def test_a_length_that_is_only_announced_takes_no_memory(ask):
    assert ask(body=json.dumps(MAIL).encode(), content_length="9000000")[0] == 200


def test_a_body_that_stops_coming_is_answered_408(ask, monkeypatch):
    monkeypatch.setattr(request_body, "STALL_SECONDS", 0.1)
    status, headers, body = ask(parts=[b'{"from"', SILENCE])
    assert (status, headers["connection"], body["success"]) == (408, "close", False)


def test_who_is_refused_hears_it_before_a_slow_body_has_come(ask, monkeypatch):
    monkeypatch.setattr(request_body, "REFUSED_SECONDS", 0.1)
    status, headers, _ = ask(parts=[b"{", SILENCE], api_token="0" * 32)
    assert (status, headers["connection"]) == (401, "close")


def test_what_cannot_be_a_token_is_refused_without_the_database(ask, door, monkeypatch):
    with monkeypatch.context() as without:
        without.setattr(door, "_pool", None)
        assert ask(body=b"{}", api_token="nobody")[0] == 401


def test_a_database_that_says_nothing_is_answered_try_later(ask, door, monkeypatch):
    monkeypatch.setattr(send_asgi, "POOL_SECONDS", 0.1)
    monkeypatch.setattr(send_asgi, "identify", lambda _: time.sleep(0.5))
    status, headers, _ = ask(body=b"{}")
    assert (status, "retry-after" in headers) == (503, True)


def test_a_header_that_comes_twice_is_refused_where_it_matters(world):
    door = send_asgi.SendDoor(memory_octets=1_000_000)
    request = Request(body=json.dumps(MAIL).encode(), api_token=world.secret)
    request.scope["headers"] += [(b"cookie", b"a"), (b"cookie", b"b")]
    assert request.answered_by(door)[0] == 200
    request = Request(body=json.dumps(MAIL).encode(), api_token=world.secret)
    request.scope["headers"].append((b"api-token", b"f" * 32))
    assert request.answered_by(door)[0] == 400
    door.close()


def test_a_fault_of_ours_is_json_too(ask, monkeypatch):
    monkeypatch.setattr(send_asgi, "_read_and_hand_over", lambda *_: 1 / 0)
    status, _, body = ask(body=json.dumps(MAIL).encode())
    assert (status, body["success"], body["errors"]) == (500, False, ["Internal server error"])
    assert (body["codes"], len(body["details"])) == (["internal_error"], 1)


def test_a_worker_that_ends_gives_its_connections_back(world, monkeypatch):
    door = send_asgi.SendDoor(memory_octets=1_000_000)
    assert Request(body=json.dumps(MAIL).encode(), api_token=world.secret).answered_by(door)[0] == 200
    monkeypatch.setattr(asgi, "_send_door", door)
    sent = []

    async def receive():
        return {"type": "lifespan.shutdown"}

    async def send(message):
        sent.append(message["type"])

    asyncio.run(asgi.application({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.shutdown.complete"]
    assert [one.connection for one in door._pool._databases] == [None]


def test_pages_are_served_beside_it(settings):
    request = Request(path="/healthz", method="GET")
    request.scope |= {"query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("localhost", 80)}
    asyncio.run(application(request.scope, request.receive, request.send))
    assert request.sent[0]["status"] == 200
    assert b"".join(one.get("body", b"") for one in request.sent) == b"ok\n"


def test_a_report_names_who_is_suppressed(ask, world):
    Suppression.objects.create(account=world.account, email="r@far.test", stream="any", type="spam complaint")
    mail = {**MAIL, "report_recipients": True}
    status, _, told = ask(body=json.dumps(mail).encode())
    assert (status, told["recipients"][0]["suppressed"]) == (200, "spam complaint")
    status, _, told = ask(path="/api/batch", body=json.dumps({"requests": [mail, MAIL]}).encode())
    assert told["responses"][0]["recipients"][0]["suppressed"] == "spam complaint"
    assert "recipients" not in told["responses"][1]
