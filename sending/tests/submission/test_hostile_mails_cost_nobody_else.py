"""Whatever a mail holds, it gets an answer, its neighbours in a flush are accepted, and what is accepted can leave."""

from datetime import UTC, datetime
from pathlib import Path as File

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains import dkim
from sending.models import Content, Stream, Submission
from sending.policy.refusal import Refusal
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.submission.draft import Accepted
from sending.submission.flush import flush
from sending.submission.payload import prepare
from sending.submission.smtp_draft import Origin, draft_of
from sending.tests.drafts import draft
from sending.tests.submission.hostile_mails import mails

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ENVELOPE = ReceivedEnvelope(Path("a", "example.test"), (Path("rita", "far.test"),), smtputf8=True)
KEY = dkim.load(dkim.generate().private_pem)
FOUND = sorted((File(__file__).parent / "found").glob("*.eml"))


def handed_over(world, contents):
    """The answer to each, in a flush that begins and ends with somebody else's mail; and what was stored of it."""
    origin = Origin(
        world.account.pk, world.token.pk, Stream.TRANSACTIONAL, "192.0.2.1", "live.smtp.platform.test", "ESMTPSA", None
    )
    read = [draft_of(ENVELOPE, content, origin, NOW) for content in contents]
    prepared = [one if isinstance(one, Refusal) else prepare(one) for one in read]
    hostile = [one for one in prepared if not isinstance(one, Refusal)]
    first, last = prepare(draft(world)), prepare(draft(world))
    outcomes = flush(connection.connection, [first, *hostile, last], timezone.now())
    assert isinstance(outcomes[0], Accepted) and isinstance(outcomes[-1], Accepted)
    by_id = dict(zip((one.submission_id for one in hostile), outcomes[1:-1], strict=True))
    return [one if isinstance(one, Refusal) else by_id[one.submission_id] for one in prepared]


def look_at(outcomes):
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            assert outcome.reply.encode().startswith((b"5", b"4"))
            assert outcome.details
            continue
        submission = Submission.objects.get(pk=outcome.submission_id)
        stored = Content.objects.get(pk=submission.content_id).message
        assert dkim.sign(stored, domain="example.test", selector="mt1", key=KEY, timestamp=0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(mails(), min_size=1, max_size=6))
def test_any_mails_between_sound_ones(world, contents):
    with transaction.atomic():
        look_at(handed_over(world, contents))
        transaction.set_rollback(True)  # or the account's month ends before the examples do


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.stem)
def test_mails_that_once_did_harm(world, file):
    look_at(handed_over(world, [file.read_bytes()]))
