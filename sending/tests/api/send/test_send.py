"""`POST /api/send`: shapes, error strings and statuses of the contract."""

import base64
import json
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.authentication import forget_tokens
from billing.plans import FREE
from domains.models import SendingDomain
from mailtrap_site.testing.roomy import make_roomy
from mailtrap_site.testing.world import make_domain
from sending.models import Content, Message, Submission
from sending.tests.submission.test_quota_at_acceptance import use_all_but

pytestmark = pytest.mark.django_db

MAIL = {
    "from": {"email": "alice@example.test", "name": "Alice"},
    "to": [{"email": "rita@far.test"}],
    "subject": "Hello",
    "text": "Hi",
}


TEMPLATE = "b81aabcd-1a1e-41cf-91b6-eca0254b3d96"


@pytest.fixture(autouse=True)
def _fresh_tokens():
    forget_tokens()


@pytest.fixture
def post(world):
    def _post(body, path="/api/send", **headers):
        headers = {"Authorization": f"Bearer {world.secret}", **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/json")
        return Client().post(path, data, content_type=content_type, headers=headers)

    return _post


def errors(answer):
    assert answer.json()["success"] is False
    return answer.status_code, answer.json()["errors"]


def stored():
    return message_from_bytes(Content.objects.latest("id").message, policy=policy.default)


def test_one_id_a_recipient_in_the_order_to_cc_bcc(post):
    def box(*names):
        return [{"email": f"{name}@far.test", "name": ""} for name in names]

    answer = post({**MAIL, "bcc": box("b1", "b2"), "cc": box("c1", "t1", "c3"), "to": box("t1", "t2", "t3")})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"success", "message_ids"}
    recipients = {str(one.pk): (one.kind, one.recipient) for one in Message.objects.all()}
    assert [recipients[one] for one in answer.json()["message_ids"]] == [
        ("to", "t1@far.test"),
        ("to", "t2@far.test"),
        ("to", "t3@far.test"),
        ("cc", "c1@far.test"),
        ("cc", "t1@far.test"),
        ("cc", "c3@far.test"),
        ("bcc", "b1@far.test"),
        ("bcc", "b2@far.test"),
    ]
    assert b"b1@far.test" not in Content.objects.get().message


def test_everything_a_mail_may_say_arrives(post):
    png = bytes(range(256))
    answer = post(
        {
            **MAIL,
            "from": {"email": "Alice@Example.test", "name": "Älice, of Acme"},
            "reply_to": {"email": "desk@elsewhere.test", "name": "Desk"},
            "subject": "Grüße 🎉",
            "html": '<p>Hi <img src="cid:logo"></p>',
            "category": "welcome",
            "custom_variables": {"user_id": "45982", "count": 3, "paid": True, "list": ["first", "second"]},
            "headers": {"X-Message-Source": "dev.example.test", "content-transfer-encoding": "7bit"},
            "attachments": [
                {
                    "content": base64.b64encode(b"%PDF").decode(),
                    "filename": "Rechnung ü.pdf",
                    "type": "application/pdf",
                },
                {
                    "content": base64.encodebytes(png).decode(),
                    "filename": "logo.png",
                    "type": "image/png",
                    "disposition": "inline",
                    "content_id": "logo",
                },
            ],
        }
    )
    assert answer.status_code == 200
    mail, submission = stored(), Submission.objects.get()
    assert mail["From"] == '"Älice, of Acme" <Alice@example.test>'
    assert (mail["Subject"], mail["Reply-To"]) == ("Grüße 🎉", "Desk <desk@elsewhere.test>")
    assert mail["X-Message-Source"] == "dev.example.test"
    assert mail["Message-ID"].endswith("@example.test>")
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_body(("plain",)).get_content().strip() == "Hi"
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == ["logo.png", "Rechnung ü.pdf"]
    assert (submission.subject, submission.category) == ("Grüße 🎉", "welcome")
    assert submission.custom_variables == {"user_id": "45982", "count": 3, "paid": True, "list": "first"}
    assert (submission.door, submission.stream, submission.client_ip) == ("api", "transactional", "127.0.0.1")


def test_what_nodemailer_and_symfony_send_is_accepted(post):
    extras = {
        "from": {"email": "alice@example.test", "name": ""},
        "cc": [],
        "bcc": None,
        "html": None,
        "attachments": [],
        "headers": {},
        "custom_variables": None,
        "category": None,
        "reply_to": None,
        "unknown": {"field": 1},
    }
    assert post({**MAIL, **extras}).status_code == 200


def test_several_reply_to_addresses_stand_in_a_header(post):
    answer = post(
        {**MAIL, "headers": {"Reply-To": 'Desk <desk@example.test>, "A, B" <ab@far.test>', "Sender": "a@example.test"}}
    )
    assert answer.status_code == 200
    assert stored()["Reply-To"] == 'Desk <desk@example.test>, "A, B" <ab@far.test>'
    assert stored()["Sender"] == "a@example.test"


def test_the_limits_of_the_contract_are_reached_and_kept(post, world):
    make_roomy(world.account)
    most = {"custom_variables": {"a": "x" * 992}, "category": "ü" * 255, "to": [{"email": "a@far.test"}] * 1000}
    assert post({**MAIL, **most}).status_code == 200
    submission = Submission.objects.get()
    assert (submission.recipient_count, submission.category) == (1000, "ü" * 255)


def test_custom_variables_are_counted_without_white_space_and_escapes(post):
    spread = json.dumps({**MAIL, "custom_variables": {f"k{n}": "Größe" for n in range(40)}}, indent=8).encode()
    assert post(spread).status_code == 200
    assert len(Submission.objects.get().custom_variables) == 40


def test_a_mail_may_have_copies_alone(post):
    assert post({**MAIL, "to": None, "bcc": [{"email": "b@far.test"}]}).status_code == 200
    assert stored()["To"] == "undisclosed-recipients:;"


@pytest.mark.parametrize("headers", [{"Api-Token": "{}"}, {"Authorization": "bearer {}"}])
def test_both_ways_to_carry_the_token(world, headers):
    named = {name: value.format(world.secret) for name, value in headers.items()}
    assert Client().post("/api/send", MAIL, content_type="application/json", headers=named).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Api-Token": "0" * 32}, {"Authorization": "Basic YTpi"}, {"Api-Token": "\0"}])
def test_a_missing_or_wrong_token_is_401(world, headers):
    answer = Client().post("/api/send", MAIL, content_type="application/json", headers=headers)
    assert errors(answer) == (401, ["Unauthorized"])


def test_the_path_and_the_host_name_choose_the_stream(post, settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert post(MAIL, "/bulk/api/send").status_code == 200
    assert post(MAIL, Host="bulk.api.mailtrap.io").status_code == 200
    assert post(MAIL, Host="send.api.mailtrap.io").status_code == 200
    assert list(Submission.objects.order_by("id").values_list("stream", flat=True)) == ["bulk", "bulk", "transactional"]


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


def test_other_content_types_and_methods_are_refused(post, world):
    assert post(MAIL, content_type="application/json; charset=utf-8").status_code == 200
    assert errors(post(MAIL, content_type="text/plain"))[0] == 415
    answer = Client().get("/api/send", headers={"Api-Token": world.secret})
    assert errors(answer) == (405, ["Method not allowed"])
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize(
    ("verified", "asked", "status"),
    [
        ("example.test", "example.test", 200),
        ("example.test", "mail.example.test", 401),
        ("mail.example.test", "mail.example.test", 200),
        ("mail.example.test", "example.test", 401),
    ],
)
def test_a_domain_that_is_not_verified_is_401_with_a_code(post, world, verified, asked, status):
    world.domain.delete()
    make_domain(world.account, verified)
    answer = post({**MAIL, "from": {"email": f"a@{asked}"}})
    assert answer.status_code == status
    if status == 401:
        body = answer.json()
        assert (body["success"], body["errors"], body["codes"]) == (False, ["Unauthorized"], ["domain_unknown"])
        assert set(body["details"][0]) == {"code", "message", "docs"}


def test_a_domain_under_review_is_refused_with_the_page_that_says_what_is_missing(post, world):
    SendingDomain.objects.filter(pk=world.domain.pk).update(compliance_status="under_review")
    body = post(MAIL).json()
    assert (body["success"], body["codes"]) == (False, ["domain_not_compliant"])
    alice = Client()
    alice.force_login(world.alice)
    found = alice.get(urlsplit(body["details"][0]["page"]).path)
    assert found["Location"] == f"/a/{world.account.pk}/domains/{world.domain.pk}/review/"


def test_a_banned_account_and_a_full_meter_are_403(post, world):
    use_all_but(world.account, 1)
    both = {**MAIL, "cc": [{"email": "c@far.test"}]}
    assert errors(post(both)) == (403, ["Monthly messages limit reached"])
    assert post(MAIL).status_code == 200
    world.account.state = "banned"
    world.account.save()
    assert errors(post(MAIL)) == (403, ["Forbidden"])
    assert FREE.emails_per_month > 0


def test_a_mail_over_the_limit_is_413_whether_by_body_or_composed(post, settings):
    settings.MESSAGE_MAX_BYTES = 3000
    assert errors(post({**MAIL, "text": "x " * 2000})) == (413, ["message too large"])
    settings.MESSAGE_MAX_BYTES = 1000
    assert errors(post({**MAIL, "unknown": "x" * 2000})) == (413, ["message too large"])


def test_a_database_that_is_away_is_answered_503_and_when_to_come_back(post):
    def away(*_):
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        answer = post(MAIL)
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert int(answer["Retry-After"]) > 0


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


def test_a_body_in_chunks_is_answered_with_what_to_do(post):
    answer = post(b"", **{"Transfer-Encoding": "chunked"})
    status, [sentence] = errors(answer)
    assert status == 411
    assert "Content-Length" in sentence
