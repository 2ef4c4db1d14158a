"""`POST /api/send`: what it accepts, and what becomes of it."""

import base64
import json
from email import message_from_bytes, policy

import pytest
from django.test import Client

from mailtrap_site.testing.roomy import make_roomy
from sending.models import Content, Message, Submission
from sending.tests.api.send.composing import MAIL

pytestmark = pytest.mark.django_db


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


def test_the_path_and_the_host_name_choose_the_stream(post, settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert post(MAIL, "/bulk/api/send").status_code == 200
    assert post(MAIL, Host="bulk.api.mailtrap.io").status_code == 200
    assert post(MAIL, Host="send.api.mailtrap.io").status_code == 200
    assert list(Submission.objects.order_by("id").values_list("stream", flat=True)) == ["bulk", "bulk", "transactional"]
