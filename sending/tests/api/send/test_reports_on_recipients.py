"""A client may ask to hear of each recipient, instead of being refused for one that is invalid."""

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.authentication import forget_tokens
from sending.api.send import suppressed_recipients
from sending.models import Message, Suppression
from sending.tests.api.send.composing import MAIL

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(world):
    def _send(**fields):
        headers = {"Api-Token": world.secret}
        return Client().post("/api/send", {**MAIL, **fields}, content_type="application/json", headers=headers)

    return _send


def test_what_is_wrong_is_left_out_and_each_recipient_is_told_of(send):
    answer = send(
        report_recipients=True,
        to=[{"email": "a@far.test"}, {"email": "nonsense", "name": "N"}, "b@far.test", {"email": "Ü@Grüße.test"}],
        bcc=[{"email": " c@far.test "}, {"email": "d@[192.0.2.1]"}],
    )
    assert answer.status_code == 200
    told = answer.json()["recipients"]
    assert [(one["kind"], one["email"], one["status"], one.get("reason")) for one in told] == [
        ("to", "a@far.test", "accepted", None),
        ("to", "nonsense", "invalid", "no_at_sign"),
        ("to", None, "invalid", "field_invalid"),
        ("to", "Ü@Grüße.test", "accepted", None),
        ("bcc", "c@far.test", "accepted", None),
        ("bcc", "d@[192.0.2.1]", "invalid", "address_literal"),
    ]
    assert all(one["message_id"] is None for one in told if one["status"] == "invalid")
    accepted = [one["message_id"] for one in told if one["status"] == "accepted"]
    assert accepted == answer.json()["message_ids"]
    sent = {str(one.pk): (one.kind, one.recipient) for one in Message.objects.all()}
    assert [sent[one] for one in accepted] == [
        ("to", "a@far.test"),
        ("to", "Ü@xn--gre-6ka8l.test"),
        ("bcc", "c@far.test"),
    ]


def test_where_none_is_valid_it_is_the_usual_error(send):
    answer = send(report_recipients=True, to=[{"email": "nonsense"}], cc=[{}])
    assert answer.status_code == 400
    assert answer.json()["errors"] == ["address is invalid in 'to' 0", "address is invalid in 'cc' 0"]
    answer = send(report_recipients=True, to=[])
    assert answer.json()["errors"] == ["'to', 'cc' or 'bcc' address is required"]


def test_nobody_is_told_who_did_not_ask(send):
    assert "recipients" not in send(report_recipients=False).json()
    assert send(report_recipients=False, cc=[{"email": "nonsense"}]).status_code == 400
    assert send(report_recipients="yes").json()["errors"] == ["'report_recipients' is invalid"]


def test_too_many_are_too_many_all_the_same(send):
    answer = send(report_recipients=True, cc=[{"email": "a@far.test"}] * 1001)
    assert answer.json()["errors"] == ["'cc' has more than 1000 addresses"]


@pytest.mark.parametrize("path", ["/api/send", "/api/batch"])
def test_who_is_suppressed_is_told_at_once_and_accepted_all_the_same(world, path):
    forget_tokens()
    values = {"account": world.account, "stream": "any"}
    Suppression.objects.create(email="rita@far.test", type="hard bounce", domain=world.domain, **values)
    Suppression.objects.create(email="bob@far.test", type="unsubscription", **values | {"stream": "bulk"})
    to, cc = ([{"email": one} for one in some] for some in (("Rita@FAR.test", "bob@far.test"), ("free@far.test", "no")))
    mail = {**MAIL, "report_recipients": True, "to": to, "cc": cc}
    body = {"requests": [mail]} if path == "/api/batch" else mail
    answer = Client().post(path, body, content_type="application/json", headers={"Api-Token": world.secret}).json()
    told = answer["responses"][0] if path == "/api/batch" else answer
    assert told["success"] is True
    assert len(told["message_ids"]) == 3
    assert [(one["email"], one["status"], one.get("suppressed", "-")) for one in told["recipients"]] == [
        ("Rita@FAR.test", "accepted", "hard bounce"),
        ("bob@far.test", "accepted", None),
        ("free@far.test", "accepted", None),
        ("no", "invalid", "-"),
    ]


def test_a_mail_without_a_report_asks_nothing_about_suppressions(send, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(suppressed_recipients, "suppressed_among", never)
    assert send().status_code == 200


def test_a_report_that_the_database_cannot_complete_is_given_all_the_same(send, monkeypatch):
    def away(*_):
        raise OperationalError

    monkeypatch.setattr(suppressed_recipients, "suppressed_among", away)
    answer = send(report_recipients=True)
    assert answer.status_code == 200
    assert "suppressed" not in answer.json()["recipients"][0]
