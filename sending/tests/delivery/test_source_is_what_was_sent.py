"""Compose is a pure function of stored facts."""

import uuid
from datetime import UTC, datetime

import pytest

from domains import dkim
from mailtrap_site.testing.world import make_world
from sending.delivery.compose import Mail, reverse_path
from sending.delivery.sign import Signer, forget_keys
from sending.delivery.source import CannotCompose, source_of
from sending.models import Content, Message
from sending.models.identifiers import id_at
from sending.protocol import return_path
from sending.tests.queued import MESSAGE, queue_message


@pytest.fixture(scope="module")
def signer():
    pair = dkim.generate()
    return Signer("example.test", "mt1", dkim.load(pair.private_pem))


def test_the_same_facts_make_the_same_bytes(signer):
    submission_id = uuid.UUID("019a0000-0000-7000-8000-000000000001")
    first = Mail(MESSAGE, submission_id=submission_id).signed(signer)
    again = Mail(MESSAGE, submission_id=submission_id).signed(signer)
    assert first == again
    assert first.message.endswith(MESSAGE)
    head = first.message[: -len(MESSAGE)].replace(b"\r\n", b"")
    assert b" a=rsa-sha256; c=relaxed/relaxed; d=example.test; s=mt1;" in head
    assert head.count(b"From") == 2  # once more than it stands there, so that none can be added
    assert b" t=%d;" % (0x019A00000000 // 1000) in head


ACCEPTED_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
MOVED_TO = datetime(2026, 12, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "moves"),
    [
        (b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n", True),
        (b"DATE: Mon, 23 Nov 2026\r\n 10:00:00 +0000\r\n", True),
        (b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n", False),
        (b"Date: Sun, 22 Nov 2026 09:30:00 +0200\r\n", False),
        (b"Date: Mon, 23 Nov 2026 10:00:00 -0000\r\n", False),
        (b"Date: tomorrow\r\n", False),
        (b"Date: Mon, 23 Nov 99999999999 10:00:00 +9999\r\n", False),
        (b"", False),
    ],
)
def test_a_date_that_lay_ahead_moves_with_the_mail_and_another_one_stays(date, moves, signer):
    stored = b"Received: a\r\n b\r\n" + date + b"From: a@example.test\r\n\r\nDate: stays\r\n"
    made = Mail(stored, submission_id=id_at(ACCEPTED_AT), send_at=MOVED_TO).signed(signer).message
    expected = stored.replace(date, b"Date: Thu, 24 Dec 2026 18:30:00 +0000\r\n") if moves else stored
    assert made.endswith(b"\r\n" + expected)
    assert b" t=%d;" % MOVED_TO.timestamp() in made.replace(b"\r\n", b"")


def test_every_message_has_its_own_return_path(settings):
    one, two = uuid.uuid4(), uuid.uuid4()
    paths = {reverse_path(one, "mt1.example.test"), reverse_path(two, "mt1.example.test")}
    assert len(paths) == 2
    local, _, domain = reverse_path(one, "mt1.example.test").partition("@")
    assert domain == "mt1.example.test"
    assert return_path.decode(local, settings.RETURN_PATH_KEY) == one


@pytest.mark.django_db
def test_the_source_is_gone_with_the_content_or_the_key():
    forget_keys()
    domain = make_world().domain
    [message_id] = queue_message(domain, "rita@recipient.test")
    message = Message.objects.get(pk=message_id)
    assert source_of(message).endswith(MESSAGE)
    keys = list(domain.dkim_keys.all())
    domain.dkim_keys.all().delete()
    with pytest.raises(CannotCompose, match="signing key"):
        source_of(message)
    type(keys[0]).objects.bulk_create(keys)
    Content.objects.all().delete()
    with pytest.raises(CannotCompose, match="no longer stored"):
        source_of(message)
