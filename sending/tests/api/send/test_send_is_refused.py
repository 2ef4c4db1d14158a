"""`POST /api/send` that is refused for what stands around the mail: token, domain, account, size, or this service."""

from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connection
from django.test import Client

from billing.plans import FREE
from domains.models import SendingDomain
from mailtrap_site.testing.world import make_domain
from sending.tests.api.send.composing import MAIL, errors
from sending.tests.submission.test_quota_at_acceptance import use_all_but

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("headers", [{}, {"Api-Token": "0" * 32}, {"Authorization": "Basic YTpi"}, {"Api-Token": "\0"}])
def test_a_missing_or_wrong_token_is_401(world, headers):
    answer = Client().post("/api/send", MAIL, content_type="application/json", headers=headers)
    assert errors(answer) == (401, ["Unauthorized"])


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


def test_a_body_in_chunks_is_answered_with_what_to_do(post):
    answer = post(b"", **{"Transfer-Encoding": "chunked"})
    status, [sentence] = errors(answer)
    assert status == 411
    assert "Content-Length" in sentence
