"""What Mailtrap's own Python SDK writes and reads, without the network between: its bodies, and our answers to them."""

import base64

import mailtrap as mt
import pytest
from django.test import Client
from mailtrap.models.mail import BatchSendResponse, SendingMailResponse

from accounts.authentication import forget_tokens
from sending.models import Submission

pytestmark = pytest.mark.django_db

SENDER = mt.Address(email="alice@example.test", name="Alice")
RITA = mt.Address(email="rita@far.test", name="Rita")
FULL = {
    "cc": [mt.Address(email="c@far.test")],
    "bcc": [mt.Address(email="b@far.test")],
    "reply_to": mt.Address(email="desk@example.test"),
    "attachments": [
        mt.Attachment(content=base64.b64encode(b"hello"), filename="a.txt", mimetype="text/plain"),
        mt.Attachment(
            content=base64.b64encode(b"png"),
            filename="logo.png",
            mimetype="image/png",
            disposition=mt.Disposition.INLINE,
            content_id="logo",
        ),
    ],
    "headers": {"X-Message-Source": "dev.example.test"},
    "custom_variables": {"user_id": "45982", "batch": 1, "again": True},
    "category": "Welcome",
}


@pytest.fixture
def post(world):
    forget_tokens()

    def _post(path, params, status=200):
        headers = {"Authorization": f"Bearer {world.secret}"}
        answer = Client().post(path, params.api_data, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.content
        return answer.json()

    return _post


@pytest.mark.parametrize("fields", [{"text": "Hi"}, {"html": "<p>Hi</p>"}, {"text": "Hi", "html": "<p>Hi</p>", **FULL}])
def test_a_mail(post, fields):
    mail = mt.Mail(sender=SENDER, to=[RITA], subject="Hello", **fields)
    sent = SendingMailResponse(**post("/api/send", mail))
    assert sent.success
    assert len(sent.message_ids) == Submission.objects.get().recipient_count


def test_a_batch_with_overrides(post):
    batch = mt.BatchSendEmailParams(
        base=mt.BatchMail(sender=SENDER, subject="Hello", text="Hi"),
        requests=[
            mt.BatchEmailRequest(to=[RITA]),
            mt.BatchEmailRequest(to=[RITA], sender=mt.Address(email="bob@example.test"), subject="Own", **FULL),
            mt.BatchEmailRequest(to=[], text="Nobody"),
        ],
    )
    sent = BatchSendResponse(**post("/api/batch", batch))
    assert sent.success
    assert not sent.errors
    assert [len(one.message_ids or []) for one in sent.responses] == [1, 3, 0]
    assert sent.responses[2].errors == ["'to', 'cc' or 'bcc' address is required"]
    assert list(Submission.objects.order_by("id").values_list("subject", "category")) == [
        ("Hello", None),
        ("Own", "Welcome"),
    ]


def test_a_template_is_refused_in_the_shape_that_the_sdk_reads(post):
    mail = mt.MailFromTemplate(
        sender=SENDER,
        to=[RITA],
        template_uuid="b81aabcd-1a1e-41cf-91b6-eca0254b3d96",
        template_variables={"a": {"b": [1]}},
    )
    assert post("/api/send", mail, status=400)["errors"] == ["'template_uuid' is not supported"]
    batch = mt.BatchSendEmailParams(
        base=mt.BatchMailFromTemplate(sender=SENDER, template_uuid=mail.template_uuid),
        requests=[mt.BatchEmailRequest(to=[RITA], subject="Own")],
    )
    sent = BatchSendResponse(**post("/api/batch", batch))
    assert sent.responses[0].errors == ["'subject' is not allowed with 'template_uuid'"]
