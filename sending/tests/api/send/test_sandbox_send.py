"""`POST /api/send/{sandbox_id}` and its batch: the same bodies, limits and errors, one id a mail, nothing delivered."""

import asyncio
import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mailtrap_site.testing.captured import make_sandbox
from mailtrap_site.testing.world import make_token
from sending.api.send.asgi import SendDoor
from sending.api.send.asked import HIGHEST_ID
from sending.api.send.routes import Kind, Route, route_of
from sending.models import CapturedMail, Stream, Submission
from sending.tests.api.send.composing import asked
from sending.tests.api.send.test_send_on_the_event_loop import Request

MAIL = {
    "from": {"email": "hello@anywhere.test", "name": "Älice"},
    "to": [{"email": "rita@far.test"}],
    "subject": "Hello",
    "text": "Hi",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(world):
    return make_sandbox(world.account)


@pytest.fixture
def post(world):
    def _post(path, body, secret=world.secret, **headers):
        headers = {"Authorization": f"Bearer {secret}", **headers}
        return Client().post(path, json.dumps(body), content_type="application/json", headers=headers)

    return _post


def refusal(answer):
    body = answer.json()
    assert (body["success"], answer["Content-Type"]) == (False, "application/json")
    return answer.status_code, body["errors"], body["codes"]


def test_a_mail_gets_one_id_whoever_it_is_for(post, sandbox):
    crowd = {"cc": [{"email": "c@far.test"}], "bcc": [{"email": "b1@far.test"}, {"email": "b2@far.test"}]}
    answer = post(f"/api/send/{sandbox.pk}", {**MAIL, **crowd, "category": "Welcome"})
    mail = CapturedMail.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"success": True, "message_ids": [str(mail.pk)]})
    assert [address for _kind, address in mail.recipients] == [
        "rita@far.test",
        "c@far.test",
        "b1@far.test",
        "b2@far.test",
    ]
    assert (mail.category, mail.stream) == ("Welcome", Stream.TRANSACTIONAL)
    assert b"b1@far.test" not in mail.message
    assert "Älice" in mail.from_header
    assert not Submission.objects.exists()


def test_path_and_host_choose_the_stream(post, sandbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    post(f"/bulk/api/send/{sandbox.pk}", MAIL)
    post(f"/api/send/{sandbox.pk}", MAIL, Host="bulk.api.mailtrap.io")
    post(f"/api/send/{sandbox.pk}", MAIL, Host="sandbox.api.mailtrap.io")
    streams = CapturedMail.objects.order_by("pk").values_list("stream", flat=True)
    assert list(streams) == [Stream.BULK, Stream.BULK, Stream.TRANSACTIONAL]


@pytest.mark.parametrize("path", ["/api/send", "/api/batch", "/bulk/api/send"])
def test_mail_that_was_meant_for_a_sandbox_never_leaves(post, world, path):
    mail = {**MAIL, "from": {"email": "alice@example.test"}}
    body = {"requests": [mail]} if "batch" in path else mail
    answer = post(path, body, Host="sandbox.api.mailtrap.io")
    assert refusal(answer) == (404, ["Not Found"], ["sandbox_unknown"])
    assert not Submission.objects.exists()


@pytest.mark.parametrize("kind", ["send", "batch"])
def test_what_is_no_sandbox_of_the_account_is_not_found(post, world, sandbox, kind):
    foreign = make_sandbox(world.stranger_account)
    body = MAIL if kind == "send" else {"requests": [MAIL]}
    for name in (foreign.pk, sandbox.pk + 1_000_000, 0, -1, "x", "1.0", "²", HIGHEST_ID + 1, "9" * 40):
        assert refusal(post(f"/api/{kind}/{name}", body)) == (404, ["Not Found"], ["sandbox_unknown"])
    assert not CapturedMail.objects.exists()


def test_tokens_and_bodies_are_judged_as_for_real_mail(post, world, sandbox):
    path = f"/api/send/{sandbox.pk}"
    scopes = [{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}]
    assert refusal(post(path, MAIL, secret="0" * 32))[:2] == (401, ["Unauthorized"])
    assert refusal(post(path, MAIL, secret=make_token(world.account, scopes=scopes)[1])) == (
        403,
        ["Forbidden"],
        ["sandbox_not_permitted"],
    )
    assert refusal(post(path, {**MAIL, "to": []}))[:2] == (400, ["'to', 'cc' or 'bcc' address is required"])
    assert refusal(post(path, {**MAIL, "subject": ""}))[:2] == (400, ["'subject' is required"])
    assert Client().get(path).status_code == 405


def test_a_batch_is_kept_mail_by_mail(post, sandbox):
    body = {
        "base": {"from": MAIL["from"], "subject": "Base", "text": "Hi"},
        "requests": [
            {"to": [{"email": "one@far.test"}, {"email": "also@far.test"}]},
            {"to": []},
            {"to": [{"email": "two@far.test"}], "subject": "Own"},
        ],
    }
    answer = post(f"/api/batch/{sandbox.pk}", body)
    first, refused, second = answer.json()["responses"]
    mails = {str(mail.pk): (mail.recipient, mail.subject) for mail in CapturedMail.objects.all()}
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert (refused["success"], refused["errors"]) == (False, ["'to', 'cc' or 'bcc' address is required"])
    assert [mails[one] for one in first["message_ids"] + second["message_ids"]] == [
        ("one@far.test", "Base"),
        ("two@far.test", "Own"),
    ]
    assert not Submission.objects.exists()


def test_each_recipient_that_is_reported_has_the_one_id(post, sandbox):
    crowd = {"to": [{"email": "a@far.test"}, {"email": "nobody"}], "bcc": [{"email": "b@far.test"}]}
    answer = post(f"/api/send/{sandbox.pk}", {**MAIL, **crowd, "report_recipients": True}).json()
    assert len(answer["message_ids"]) == 1
    told = [(one["email"], one["status"], one["message_id"]) for one in answer.get("recipients", [])]
    assert told == [
        ("a@far.test", "accepted", answer["message_ids"][0]),
        ("nobody", "invalid", None),
        ("b@far.test", "accepted", answer["message_ids"][0]),
    ]


def test_a_whole_message_stays_as_well(world, sandbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    source = b"From: a@anywhere.test\r\nTo: t@far.test\r\nCc: c@far.test\r\nSubject: Raw\r\n\r\nHi\r\n"
    headers = {"Authorization": f"Bearer {world.secret}"}
    raw = {"content_type": "message/rfc822", "headers": headers}
    answer = Client().post(f"/api/send/{sandbox.pk}", source, **raw)
    mail = CapturedMail.objects.get()
    assert (answer.status_code, answer.json()["message_ids"]) == (200, [str(mail.pk)])
    assert mail.recipients == [["to", "t@far.test"], ["cc", "c@far.test"]]
    own = source.replace(b"a@anywhere.test", b"alice@example.test")
    raw["headers"] = headers | {"Host": "sandbox.api.mailtrap.io"}
    assert refusal(Client().post("/api/send", own, **raw))[0] == 404
    assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_on_the_event_loop_it_is_committed_before_the_answer(world, sandbox, settings):
    settings.GROUP_COMMIT_INLINE = False
    door = SendDoor(memory_octets=20_000_000)
    large = {**MAIL, "text": "x" * 100_000}
    batch = {"base": {**MAIL, "to": None}, "requests": [{"to": [{"email": f"r{n}@far.test"}]} for n in range(150)]}
    requests = [
        Request(path=f"/api/{kind}/{sandbox.pk}", body=json.dumps(body).encode(), api_token=world.secret)
        for kind, body in (*[("send", MAIL)] * 20, ("send", large), ("batch", batch))
    ]

    async def ask():
        await asyncio.gather(*(door(one.scope, one.receive, one.send) for one in requests))

    try:
        asyncio.run(ask())
    finally:
        door.close()
    answers = [json.loads(b"".join(part.get("body", b"") for part in one.sent)) for one in requests]
    ids = [one for answer in answers[:-1] for one in answer["message_ids"]]
    ids += [one for response in answers[-1]["responses"] for one in response["message_ids"]]
    assert len(set(ids)) == len(ids) == 171
    assert ids[21:] == sorted(ids[21:]), "a batch is listed in its order"
    assert {str(pk) for pk in CapturedMail.objects.values_list("pk", flat=True)} == set(ids)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/send", Route(Kind.SEND, None, None)),
        ("/bulk/api/batch", Route(Kind.BATCH, Stream.BULK, None)),
        ("/api/send/12", Route(Kind.SEND, None, "12")),
        ("/bulk/api/batch/x", Route(Kind.BATCH, Stream.BULK, "x")),
        ("/api/send/", None),
        ("/api/send/1/2", None),
        ("/api/sender", None),
        ("/bulk/bulk/api/send", None),
    ],
)
def test_a_path_says_what_is_asked(path, route):
    assert route_of(path) == route


@given(st.text(max_size=30))
def test_whatever_stands_for_an_id_is_one_that_the_database_can_look_up(text):
    number = asked(sandbox=text).sandbox_id
    assert number is not None
    assert 0 <= number <= HIGHEST_ID
    assert number == 0 or int(text) == number
