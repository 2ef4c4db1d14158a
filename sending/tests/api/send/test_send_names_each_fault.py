"""`POST /api/send` with a body that is wrong: every fault at once, each with the contract's string."""

import json

import pytest

from sending.models import Submission
from sending.tests.api.send.composing import MAIL, errors

pytestmark = pytest.mark.django_db

TEMPLATE = "b81aabcd-1a1e-41cf-91b6-eca0254b3d96"


def test_all_that_is_missing_stands_in_one_list(post):
    assert errors(post({})) == (
        400,
        [
            "'from' is required",
            "'to', 'cc' or 'bcc' address is required",
            "'subject' is required",
            "must specify either text or html body",
        ],
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"from": None}, "'from' is required"),
        ({"from": "alice@example.test"}, "'from' is invalid"),
        ({"from": {"name": "x"}}, "'from' is invalid"),
        ({"from": {"email": "nonsense"}}, "'from' address is invalid"),
        ({"to": []}, "'to', 'cc' or 'bcc' address is required"),
        ({"to": "rita@far.test"}, "'to' is invalid"),
        ({"to": [{"email": "a@far.test"}, {"email": "nonsense"}]}, "address is invalid in 'to' 1"),
        ({"cc": ["a@far.test"]}, "address is invalid in 'cc' 0"),
        ({"bcc": [{"email": "a@far.test"}] * 1001}, "'bcc' has more than 1000 addresses"),
        ({"subject": ""}, "'subject' is required"),
        ({"subject": 7}, "'subject' is invalid"),
        ({"text": ""}, "must specify either text or html body"),
        ({"text": None}, "must specify either text or html body"),
        ({"category": "c" * 256}, "'category' is longer than 255 characters"),
        ({"custom_variables": {"a": "x" * 1000}}, "'custom_variables' is longer than 1000 bytes"),
        ({"custom_variables": {"a": {"b": 1}}}, "'custom_variables' is invalid"),
        ({"custom_variables": ["a"]}, "'custom_variables' is invalid"),
        ({"custom_variables": {"a": [["b"]]}}, "'custom_variables' is invalid"),
        ({"custom_variables": {"a": "x" * 993}}, "'custom_variables' is longer than 1000 bytes"),
        ({"custom_variables": {"a": " " * 70_000}}, "'custom_variables' is longer than 1000 bytes"),
        ({"headers": {"SUBJECT": "x"}}, "header 'SUBJECT' is not allowed"),
        ({"headers": {"DKIM-Signature": "x"}}, "header 'DKIM-Signature' is not allowed"),
        ({"headers": {"X-MT-Category": "x"}}, "header 'X-MT-Category' is not allowed"),
        ({"headers": {"X-A": 1}}, "'headers' is invalid"),
        ({"headers": {"Bcc": "b@far.test"}}, "header 'Bcc' is not allowed"),
        ({"headers": {"Reply-To": "a@b.test", "reply-to": "a@b.test"}}, "header 'reply-to' is not allowed"),
        (
            {"headers": {"Reply-To": "a@b.test"}, "reply_to": {"email": "a@b.test"}},
            "header 'Reply-To' is invalid: this header is written by the service and cannot be set",
        ),
        (
            {"headers": {"Reply-To": "nonsense"}},
            "header 'Reply-To' is invalid: The address header is malformed or could be read in more than one way.",
        ),
        ({"reply_to": {"email": "nonsense"}}, "'reply_to' address is invalid"),
        ({"attachments": [{"content": "???", "filename": "a"}]}, "'content' is not valid base64 in 'attachments' 0"),
        ({"attachments": [{"filename": "a"}]}, "'attachments' is invalid"),
        ({"attachments": [{"content": "eA=="}]}, "'attachments' is invalid"),
        (
            {"attachments": [{"content": "eA==", "filename": "a", "disposition": "form-data"}]},
            "'disposition' is invalid in 'attachments' 0",
        ),
        ({"attachments": [{"content": "eA", "filename": "a"}]}, "'content' is not valid base64 in 'attachments' 0"),
        ({"attachments": [{"content": "ü===", "filename": "a"}]}, "'content' is not valid base64 in 'attachments' 0"),
        ({"attachments": [{"content": "", "filename": "a"}] * 1001}, "'attachments' has more than 1000 elements"),
        (
            {"attachments": [{"content": "", "filename": "a" * 1001}]},
            "'filename' or 'type' is longer than 1000 characters in 'attachments' 0",
        ),
        (
            {"attachments": [{"content": "", "filename": "a", "type": "a" * 1001}]},
            "'filename' or 'type' is longer than 1000 characters in 'attachments' 0",
        ),
        ({"template_uuid": TEMPLATE, "subject": None, "text": ""}, "'template_uuid' is not supported"),
        ({"template_uuid": TEMPLATE, "text": None}, "'subject' is not allowed with 'template_uuid'"),
        ({"template_uuid": TEMPLATE, "subject": None}, "'text' is not allowed with 'template_uuid'"),
        ({"template_uuid": "welcome", "subject": None, "text": None}, "'template_uuid' is invalid"),
    ],
)
def test_each_fault_has_its_string(post, change, expected):
    answer = post({**MAIL, **change})
    assert errors(answer) == (400, [expected])
    [code], [details] = answer.json()["codes"], answer.json()["details"]
    assert set(details) == {"code", "message", "docs"}
    assert (details["code"], details["docs"].partition("#")[2]) == (code, code)
    assert Submission.objects.count() == 0


@pytest.mark.parametrize(
    "change", [{"headers": {"X-A": "a\r\nBcc: b@far.test"}}, {"headers": {"a b": "x"}}, {"subject": "a\r\nb"}]
)
def test_nobody_starts_a_header_of_his_own(post, change):
    status, [error] = errors(post({**MAIL, **change}))
    assert status == 400
    assert "is invalid" in error


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"from": }'])
def test_what_is_no_json_object_is_400(post, body):
    assert errors(post(body)) == (400, ["the request body is not a valid JSON object"])


@pytest.mark.parametrize("field", ["unknown", "to", "from", "attachments", "headers"])
def test_json_that_is_nested_beyond_reason_is_the_clients_fault(post, field):
    nested = b"[" * 20_000 + b"]" * 20_000
    answer = post(json.dumps(MAIL).encode()[:-1] + b', "%b": %b}' % (field.encode(), nested))
    assert errors(answer)[0] == 400


@pytest.mark.parametrize(
    "field",
    [
        {"subject": "é" * 400_000},
        {"from": {"email": "alice@example.test", "name": "a " * 600_000}},
        {"headers": {f"X-{n}": "a" * 100 for n in range(12_000)}},
    ],
)
def test_a_head_beyond_reason_is_refused_before_it_is_composed(post, field):
    status, sentences = errors(post({**MAIL, **field}))
    assert status == 400
    assert sentences == ["addresses, 'subject' and 'headers' are longer than 1048576 bytes"]
