"""Whatever JSON a stranger sends: the answer has the contract's shape, is no fault of ours, and harms no neighbour.

What was once found to break this is kept under `found/`, a body a file, and sent again and again.
"""

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sending.models import Content, Message, Submission
from sending.tests.api.send.any_json import CHANGES, JSON
from sending.tests.api.send.composing import MAIL

pytestmark = pytest.mark.django_db
RELAXED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
NEIGHBOUR = {
    **MAIL,
    "to": [{"email": "neighbour@far.test"}],
    "cc": [],
    "bcc": [],
    "reply_to": {"email": ""},
    "html": "",
    "category": "",
    "custom_variables": {},
    "headers": {},
    "attachments": [],
    "template_uuid": "",
    "send_at": 0,
    "tracking": {},
    "report_recipients": False,
}
"""It leaves nothing to a base that others may have spoilt."""
FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.fixture
def post(world):
    def _post(path, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client().post(path, data, content_type="application/json", headers={"Api-Token": world.secret})

    return _post


def check(told):
    """One answer, whole or of a batch."""
    if told["success"]:
        assert set(told) <= {"success", "message_ids", "send_at", "recipients", "replayed"}
        assert Message.objects.filter(pk__in=told["message_ids"]).count() == len(told["message_ids"]) > 0
        return
    assert set(told) == {"success", "errors", "codes", "details"}
    assert len(told["errors"]) == len(told["codes"]) == len(told["details"]) > 0
    assert all(isinstance(one, str) and one for one in (*told["errors"], *told["codes"]))
    assert "internal_error" not in told["codes"]


@RELAXED
@given(change=CHANGES)
def test_any_mail_is_accepted_or_told_what_is_wrong(post, change):
    answer = post("/api/send", {**MAIL, **change})
    assert answer.status_code in (200, 400, 401, 422), answer.content
    check(answer.json())
    assert answer.json()["success"] is (answer.status_code == 200)
    if answer.status_code == 200:
        assert len(answer.json()["message_ids"]) == Submission.objects.latest("id").recipient_count
        message = Content.objects.latest("id").message
        assert message.count(b"\n") == message.count(b"\r\n") == message.count(b"\r")
        assert len(message_from_bytes(message, policy=policy.SMTP).get_all("Subject")) == 1


@RELAXED
@given(base=CHANGES, requests=st.lists(CHANGES | JSON, max_size=3), place=st.integers(0, 3))
def test_a_good_neighbour_in_the_same_batch_is_always_accepted(post, base, requests, place):
    base = {name: value for name, value in base.items() if name not in ("to", "cc", "bcc", "idempotency_key")}
    requests.insert(place, NEIGHBOUR)
    answer = post("/api/batch", {"base": base, "requests": requests})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["success"], len(told["responses"])) == (True, len(requests))
    for one in told["responses"]:
        check(one)
    mine = told["responses"][requests.index(NEIGHBOUR)]
    assert mine["success"], mine
    assert Message.objects.get(pk=mine["message_ids"][0]).recipient == "neighbour@far.test"


@RELAXED
@given(body=JSON | st.fixed_dictionaries({"base": JSON, "requests": JSON}) | st.lists(CHANGES, max_size=2))
@pytest.mark.parametrize("path", ["/api/send", "/api/batch", "/bulk/api/batch"])
def test_any_envelope_is_answered(post, path, body):
    answer = post(path, body)
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 400:
        check(answer.json())


@RELAXED
@given(data=st.data())
@pytest.mark.parametrize("path", ["/api/send", "/api/batch"])
def test_json_with_damage_is_answered(post, path, data):
    whole = json.dumps(MAIL if path == "/api/send" else {"base": {}, "requests": [MAIL, NEIGHBOUR]}).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(start + 5, len(whole))))
    answer = post(path, whole[:start] + data.draw(st.binary(max_size=6)) + whole[end:])
    assert answer.status_code in (200, 400, 401), answer.content
    for one in answer.json().get("responses", [answer.json()]):
        check(one)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(post, path):
    """A batch among them ends with a good mail."""
    kind = path.stem.partition("_")[0]
    answer = post(f"/api/{kind}", path.read_bytes())
    told = answer.json().get("responses", [answer.json()])
    for one in told:
        check(one)
    assert answer.status_code in (200, 400)
    assert kind == "send" or told[-1]["success"]
