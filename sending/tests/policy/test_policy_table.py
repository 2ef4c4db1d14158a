"""Who may send what: one row a case, through the one door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from domains.models import SendingDomain
from mailtrap_site.testing.world import make_domain, make_token
from sending.policy.refusal import _MEANINGS, Reason, Refusal
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db


def answer(world, from_="alice@example.test", mail_from="alice@example.test", extra="", **changes):
    [one] = submit([draft(world, mail_from=mail_from, message=message(from_=from_, extra=extra), **changes)])
    return "accepted" if isinstance(one, Accepted) else one.reason


@pytest.mark.parametrize(
    ("verified", "asked", "expected"),
    [
        ("example.test", "example.test", "accepted"),
        ("example.test", "mail.example.test", Reason.DOMAIN_UNKNOWN),
        ("mail.example.test", "mail.example.test", "accepted"),
        ("mail.example.test", "example.test", Reason.DOMAIN_UNKNOWN),
    ],
)
def test_a_verified_domain_speaks_for_itself_alone(world, verified, asked, expected):
    world.domain.delete()
    make_domain(world.account, verified)
    assert answer(world, f"a@{asked}", f"a@{asked}") == expected


@pytest.mark.parametrize(
    ("from_", "mail_from", "extra", "expected"),
    [
        ("A <a@Example.TEST>", "b@EXAMPLE.test", "", "accepted"),
        ("a@example.test, b@example.test", "a@example.test", "Sender: a@example.test\r\n", "accepted"),
        ("a@example.test", "a@example.test", "Reply-To: whoever@elsewhere.test\r\n", "accepted"),
        ("a@example.test, b@stranger.test", "a@example.test", "", Reason.FROM_MISMATCH),
        ("a@stranger.test", "a@example.test", "", Reason.FROM_MISMATCH),
        ("a@example.test", "a@stranger.test", "", Reason.FROM_MISMATCH),
        ("a@mail.example.test", "a@example.test", "", Reason.FROM_MISMATCH),
        ("a@stranger.test", "a@stranger.test", "", Reason.DOMAIN_UNKNOWN),
        ("a@example.test", "", "", Reason.REVERSE_PATH_EMPTY),
        ("a@example.test", "nonsense", "", Reason.FROM_MALFORMED),
        ("a@example.test", "a@example.test", "From: b@example.test\r\n", Reason.FROM_SEVERAL),
        ("a@example.test", "a@example.test", "fRoM: b@stranger.test\r\n", Reason.FROM_SEVERAL),
        ("a@example.test", "a@example.test", "Sender: b@stranger.test\r\n", Reason.SENDER_MISMATCH),
        ("a@example.test", "a@example.test", "Sender: a@example.test\r\n" * 2, Reason.SENDER_MISMATCH),
        ("a@example.test", "a@example.test", "From : b@stranger.test\r\n", Reason.HEADER_MALFORMED),
        ("Nobody:;", "a@example.test", "", Reason.FROM_MALFORMED),
        ("<a@stranger.test> <a@example.test>", "a@example.test", "", Reason.FROM_MALFORMED),
        ('"a@stranger.test" <a@example.test>', "a@example.test", "", "accepted"),
    ],
)
def test_every_author_is_of_the_domain_of_the_reverse_path(world, from_, mail_from, extra, expected):
    assert answer(world, from_, mail_from, extra) == expected


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("Subject: Another\r\n", "Subject"),
        ("TO: rob@far.test\r\n", "To"),
        ("Cc: c@far.test\r\ncc: c@far.test\r\n", "Cc"),
        ("Message-Id: <2@example.test>\r\n", "Message-ID"),
        ("date: Sun, 22 Nov 2026 08:00:00 +0000\r\n", "Date"),
        ("Reply-To: a@x.test\r\nReply-To: b@x.test\r\n", "Reply-To"),
        ("Content-Type: text/plain\r\n" * 2, "Content-Type"),
        ("MIME-Version: 1.0\r\n" * 2, None),
        ("Received: by x\r\nX-A: 1\r\n" * 2, None),
        ("Bcc: a@far.test\r\n" * 2, None),
    ],
)
def test_a_field_that_readers_could_take_either_of_is_refused_by_its_name(world, extra, expected):
    [one] = submit([draft(world, message=message(extra=extra))])
    if expected is None:
        assert isinstance(one, Accepted)
        return
    assert one.reply.lines == (f"The message has more than one {expected} header",)
    assert (one.reason, one.status, one.error) == (
        Reason.HEADER_REPEATED,
        400,
        f"the message has more than one {expected} header",
    )


def test_mail_without_from_is_refused(world):
    [refusal] = submit([draft(world, message=b"To: rita@far.test\r\n\r\nHi\r\n")])
    assert refusal.reason is Reason.FROM_MISSING


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"deleted_at": timezone.now()}, Reason.DOMAIN_UNKNOWN),
        ({"dns_verified_at": None}, Reason.DOMAIN_NOT_VERIFIED),
        ({"compliance_status": SendingDomain.Compliance.UNDER_REVIEW}, Reason.DOMAIN_NOT_COMPLIANT),
    ],
)
def test_a_domain_that_may_not_send_says_why(world, change, expected):
    SendingDomain.objects.filter(pk=world.domain.pk).update(**change)
    assert answer(world) == expected


def test_the_domain_of_another_account_does_not_help(world):
    make_domain(world.stranger_account, "shared.test")
    assert answer(world, "a@shared.test", "a@shared.test") == Reason.DOMAIN_UNKNOWN


def test_a_token_of_another_account_or_none_or_an_expired_one_is_refused(world):
    assert answer(world, token_id=world.stranger_token.pk) == Reason.TOKEN_INVALID
    assert answer(world, token_id=None) == Reason.TOKEN_INVALID
    world.token.expires_at = timezone.now() - timedelta(seconds=1)
    world.token.save()
    assert answer(world) == Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    ("resource", "level", "expected"),
    [
        ("account", 100, "accepted"),
        ("domain", 100, "accepted"),
        ("domain", 10, Reason.TOKEN_NOT_PERMITTED),
        ("billing", 100, Reason.TOKEN_NOT_PERMITTED),
        ("other domain", 100, Reason.TOKEN_NOT_PERMITTED),
        (None, None, Reason.TOKEN_NOT_PERMITTED),
    ],
)
def test_sending_needs_admin_access_to_the_account_or_the_domain(world, resource, level, expected):
    ids = {"domain": world.domain.pk, "other domain": world.stranger_domain.pk}
    scope = {
        "resource_type": (resource or "").removeprefix("other "),
        "resource_id": ids.get(resource, world.account.pk),
        "access_level": level,
    }
    token, _ = make_token(world.account, scopes=[scope] if resource else [])
    assert answer(world, token_id=token.pk) == expected


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        ((), Reason.RECIPIENTS_MISSING),
        ((("to", "nonsense"),), Reason.RECIPIENT_INVALID),
        ((("cc", "a@[192.0.2.1]"),), Reason.RECIPIENT_INVALID),
        (tuple(("bcc", f"r{number}@far.test") for number in range(1001)), Reason.RECIPIENTS_TOO_MANY),
    ],
)
def test_recipients_are_valid_and_counted(world, recipients, expected):
    assert answer(world, recipients=recipients) == expected


def test_the_size_limit_is_the_accounts(world, settings):
    settings.MESSAGE_MAX_BYTES = 1000
    large = draft(world, message=message(body="x" * 900 + "\r\n"))
    [refusal] = submit([large])
    assert (refusal.status, str(refusal.reply)) == (413, "552 5.3.4 Message is larger than 1000 bytes")
    world.account.max_message_bytes = 2000
    world.account.save()
    assert isinstance(submit([large])[0], Accepted)


def test_the_contracts_sentences_stand_in_the_table():
    refusal = Refusal(Reason.DOMAIN_UNKNOWN, "example.test")
    assert (refusal.status, refusal.error) == (401, "Unauthorized")
    assert str(refusal.reply) == "550 5.7.1 Sending from domain example.test is not allowed"
    assert Refusal(Reason.REVERSE_PATH_EMPTY).reply.text == "Sending from domain  is not allowed"


def test_every_reason_has_a_meaning_at_both_doors_and_a_page():
    assert set(_MEANINGS) == set(Reason)
    for reason in Reason:
        refusal = Refusal(reason, "x")
        assert refusal.status >= 400 <= refusal.reply.code
        assert refusal.details["code"] == reason.value in refusal.details["docs"]
        assert refusal.sentence.endswith(".")
        assert "{}" not in refusal.error + refusal.reply.text
