"""What a mail asks for in its control headers holds once it is accepted: its key, its time and its tracking."""

import smtplib
from datetime import timedelta

import pytest
from django.utils import timezone

from sending.models import Message, QueueEntry, Submission
from sending.tests.drafts import message
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(server, world):
    """Hands a mail over; answers the code and text of the last reply."""
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.starttls(context=trusting_context())
        client.login("api", world.secret)

        def send(*controls, **changes):
            client.mail("alice@example.test")
            client.rcpt("rita@far.test")
            return client.data(message(extra="".join(f"{one}\r\n" for one in controls), **changes))

        yield send


def test_a_key_gets_the_same_answer_again_and_no_other_mail(send):
    first = send("Idempotency-Key: 1")
    assert first[0] == 250
    assert send("Idempotency-Key: 1", body="composed anew\r\n") == first
    assert send("Idempotency-Key: 1", subject="Other") == (550, b"5.7.1 Idempotency-Key was used for another message")
    assert Submission.objects.count() == Message.objects.count() == 1


def test_a_time_to_come_and_tracking_are_stored(send):
    moment = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
    assert send(f"X-MT-Send-At: {moment.isoformat()}", "X-MT-Track-Opens: no")[0] == 250
    [submission], [stored] = Submission.objects.all(), Message.objects.all()
    assert stored.status == "scheduled"
    assert QueueEntry.objects.get().due_at == moment
    assert (submission.track_opens, submission.track_clicks) == (False, None)
