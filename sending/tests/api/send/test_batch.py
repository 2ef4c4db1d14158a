"""`POST /api/batch`: many mails in one request, each with an answer of its own."""

import base64
import json
from email import message_from_bytes, policy

import pytest
from django.test import Client

from mailtrap_site.testing.roomy import make_roomy
from sending.api.send import batch as batches
from sending.models import Content, Message, Submission
from sending.tests.submission.test_quota_at_acceptance import use_all_but

pytestmark = pytest.mark.django_db

BASE = {"from": {"email": "alice@example.test", "name": "Alice"}, "subject": "Hello", "text": "Hi"}


@pytest.fixture
def post(world):
    def _post(body, path="/api/batch", **headers):
        headers = {"Authorization": f"Bearer {world.secret}", **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client().post(path, data, content_type="application/json", headers=headers)

    return _post


@pytest.fixture
def send(post):
    """The responses to these requests."""

    def _send(*requests, base=BASE, **headers):
        answer = post({"base": base, "requests": requests}, **headers)
        assert (answer.status_code, answer.json()["success"]) == (200, True), answer.content
        assert "errors" not in answer.json()
        return answer.json()["responses"]

    return _send


def to(name="rita", **fields):
    return {"to": [{"email": f"{name}@far.test"}], **fields}


def mail_of(response):
    submission = Submission.objects.get(pk=Message.objects.get(pk=response["message_ids"][0]).submission_id)
    message = Content.objects.get(pk=submission.content_id).message
    return submission, message_from_bytes(message, policy=policy.default)


def test_each_request_is_a_mail_of_its_own_in_the_order_given(send):
    responses = send(*(to(f"r{number}") for number in range(7)), to("a", cc=[{"email": "c@far.test"}]))
    recipients = [[Message.objects.get(pk=one).recipient for one in each["message_ids"]] for each in responses]
    assert recipients == [*([f"r{number}@far.test"] for number in range(7)), ["a@far.test", "c@far.test"]]


def test_a_field_takes_the_place_of_the_bases_whole(send):
    base = {
        **BASE,
        "html": "<p>Hi</p>",
        "category": "news",
        "headers": {"X-A": "base", "X-B": "base"},
        "custom_variables": {"a": 1, "b": 2},
        "attachments": [{"content": base64.b64encode(b"base").decode(), "filename": "base.txt"}],
        "reply_to": {"email": "desk@example.test"},
    }
    own = {
        "from": {"email": "bob@example.test"},
        "subject": "Own",
        "html": "",
        "headers": {"X-A": "own"},
        "custom_variables": {"c": 3},
        "attachments": [],
        "category": None,
        "reply_to": None,
        "text": None,
    }
    inherited, replaced = (mail_of(one) for one in send(to(), to(**own), base=base))
    submission, mail = inherited
    assert (submission.category, submission.custom_variables) == ("news", {"a": 1, "b": 2})
    assert (mail["From"], mail["X-A"], mail["X-B"]) == ("Alice <alice@example.test>", "base", "base")
    assert [one.get_filename() for one in mail.iter_attachments()] == ["base.txt"]
    submission, mail = replaced
    assert (submission.category, submission.custom_variables) == ("news", {"c": 3})
    assert (mail["From"], mail["Subject"]) == ("bob@example.test", "Own")
    assert (mail["X-A"], mail["X-B"], mail["Reply-To"]) == ("own", None, "desk@example.test")
    assert mail.get_content_type() == "text/plain"


def test_what_is_wrong_with_one_is_said_in_its_place_and_costs_no_other(send):
    responses = send(
        to(),
        {},
        to(**{"from": {"email": "a@elsewhere.test"}}),
        to(text=7),
        7,
        None,
        to(headers={"X-A": "a\r\nb"}),
        to(subject="", text=""),
        to(template_uuid="b81aabcd-1a1e-41cf-91b6-eca0254b3d96"),
        to("last"),
    )
    assert [one.get("errors") for one in responses] == [
        None,
        ["'to', 'cc' or 'bcc' address is required"],
        ["Unauthorized"],
        ["'text' is invalid"],
        ["'requests' 4 is invalid"],
        ["'requests' 5 is invalid"],
        ["header 'X-A' is invalid: line breaks and control characters are not allowed here"],
        ["'subject' is required", "must specify either text or html body"],
        ["'subject' is not allowed with 'template_uuid'", "'text' is not allowed with 'template_uuid'"],
        None,
    ]
    assert all(one["success"] == ("message_ids" in one) != ("errors" in one) for one in responses)
    assert all(len(one["errors"]) == len(one["codes"]) == len(one["details"]) for one in responses if "errors" in one)
    assert Submission.objects.count() == 2


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize(
    "poison",
    [
        b'{"to": [{"email": "r@far.test"}], "text": "\xff"}',
        b'{"to": [{"email": "r@far.test"}], "category": "a\\u0000"}',
        b'{"to": [{"email": "r@far.test"}], "custom_variables": {"a": 1e999}}',
        b'{"to": [{"email": "r@far.test"}], "headers": %b}'
        % json.dumps({f"X-{n}": "a" for n in range(90_000)}).encode(),
    ],
)
def test_a_poisoned_request_costs_only_itself(post, where, poison):
    requests = [json.dumps(to(name)).encode() for name in ("a", "b")]
    requests.insert(where, poison)
    answer = post(b'{"base": %b, "requests": [%b]}' % (json.dumps(BASE).encode(), b",".join(requests)))
    assert [one["success"] for one in answer.json()["responses"]] == [index != where for index in range(3)]


def test_text_that_was_cut_within_an_emoji_is_sent(send):
    broken, other, whole = send(to(text="a\ud83d"), to(text=r"a\ud83d"), to(text="a\U0001f600"))
    assert mail_of(broken)[1].get_content().strip() == "a\ufffd"
    assert mail_of(other)[1].get_content().strip() == r"a\ud83d"
    assert mail_of(whole)[1].get_content().strip() == "a\U0001f600"


def test_a_fault_of_ours_costs_only_the_request_that_met_it(send, monkeypatch):
    hand_over = batches.hand_over

    def fails_for_one(draft):
        if draft.recipients[0][1] == "b@far.test":
            raise ZeroDivisionError
        return hand_over(draft)

    monkeypatch.setattr(batches, "hand_over", fails_for_one)
    responses = send(to("a"), to("b"), to("c"))
    assert [one.get("errors") for one in responses] == [None, ["Internal server error"], None]


def test_the_quota_is_met_request_by_request(send, world):
    use_all_but(world.account, 2)
    responses = send(to("a"), to("b", cc=[{"email": "c@far.test"}]), to("d"), to("e"))
    assert [one.get("errors", [None])[0] for one in responses] == [
        None,
        "Monthly messages limit reached",
        None,
        "Monthly messages limit reached",
    ]


def test_a_request_is_as_large_as_one_mail_may_be(send, settings):
    settings.MESSAGE_MAX_BYTES = 3000
    responses = send(to(), to(text="x " * 1600), to(text="x " * 3000))
    assert [one.get("errors") for one in responses] == [None, ["message too large"], ["message too large"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ["the request body is not a valid JSON object"]),
        (b"[]", ["the request body is not a valid JSON object"]),
        (b'{"requests": [{}', ["the request body is not a valid JSON object"]),
        ({}, ["'requests' is required"]),
        ({"requests": None}, ["'requests' is required"]),
        ({"requests": {}}, ["'requests' is invalid"]),
        ({"base": [], "requests": "a"}, ["'base' is invalid", "'requests' is invalid"]),
        ({"requests": [{}] * 501}, ["'requests' has more than 500 elements"]),
        ({"base": {"to": [{"email": "a@far.test"}]}, "requests": []}, ["'to' is not allowed in 'base'"]),
        (
            {"base": {"bcc": "a", "idempotency_key": "a"}, "requests": []},
            ["'bcc' is not allowed in 'base'", "'idempotency_key' is not allowed in 'base'"],
        ),
    ],
)
def test_what_is_wrong_with_the_whole_is_400(post, body, expected):
    answer = post(body)
    assert (answer.status_code, answer.json()["success"], answer.json()["errors"]) == (400, False, expected)
    assert len(answer.json()["codes"]) == len(expected)


@pytest.mark.parametrize(
    "body", [{"requests": []}, {"base": None, "requests": []}, {"base": {"to": [], "cc": None}, "requests": []}]
)
def test_nothing_to_send_is_no_error(post, body):
    assert post(body).json() == {"success": True, "responses": []}


def test_a_batch_needs_no_base(send):
    assert [one["success"] for one in send(to(**BASE), to(), base=None)] == [True, False]


def test_a_bad_token_is_401_for_the_whole(post):
    answer = post({"requests": [to(**BASE)]}, Authorization="Bearer " + "0" * 32)
    assert (answer.status_code, answer.json()["errors"]) == (401, ["Unauthorized"])


def test_path_and_host_choose_the_stream(post, settings):
    settings.ALLOWED_HOSTS = ["*"]
    body = {"base": BASE, "requests": [to(), to()]}
    assert post(body, "/bulk/api/batch").status_code == 200
    assert post(body, Host="bulk.api.mailtrap.io").status_code == 200
    assert post(body, Host="send.api.mailtrap.io").status_code == 200
    assert (
        list(Submission.objects.order_by("id").values_list("stream", flat=True)) == ["bulk"] * 4 + ["transactional"] * 2
    )


def test_five_hundred_go_in_one_batch(send, world):
    make_roomy(world.account)
    responses = send(*(to(f"r{number}") for number in range(500)))
    assert [one["success"] for one in responses] == [True] * 500
    assert Message.objects.count() == 500


def test_parts_are_bounded_in_number_and_size_and_leave_nothing_out():
    sizes = [10] * 250 + [3_000_000] + [1_000_000] * 5
    parts = batches._parts(sizes, is_first_alone=False)
    assert [index for part in parts for index in part] == list(range(len(sizes)))
    assert [len(part) for part in parts] == [100, 100, 50, 1, 2, 2, 1]
    assert [len(part) for part in batches._parts(sizes, is_first_alone=True)] == [1, 100, 100, 49, 1, 2, 2, 1]
    assert batches._parts([], is_first_alone=True) == []
