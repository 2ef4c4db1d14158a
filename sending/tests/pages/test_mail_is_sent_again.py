"""A message of the log is sent again as a new one: the same content, on its own, by those who may send."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Content, Message, Submission
from sending.protocol.message_head import parse_head, split

pytestmark = pytest.mark.django_db


@pytest.fixture
def bounced(world: World) -> Message:
    return make_message(
        world.domain,
        "ada@far.test",
        status="bounced",
        category="Order",
        submission={"custom_variables": {"order": "1"}, "track_opens": False},
    )


def path_of(message: Message) -> str:
    return f"/a/{message.account_id}/log/{message.pk}/again/"


def key_on(page: bytes) -> str:
    found = re.search(rb'name="key" value="([^"]+)"', page)
    assert found
    return found[1].decode()


def send(client: Client, message: Message, **form: str) -> Message:
    key = key_on(client.get(path_of(message)).content)
    response = client.post(path_of(message), {"to": message.recipient, "subject": message.subject, "key": key} | form)
    assert response.status_code == 302, response.content
    made = Message.objects.exclude(pk=message.pk).latest("id")
    assert response["Location"] == f"/a/{message.account_id}/log/{made.pk}/"
    return made


def source(message: Message) -> bytes:
    content_id = Submission.objects.get(pk=message.submission_id).content_id
    return Content.objects.get(pk=content_id).message


def test_unchanged_it_differs_in_date_and_id_alone(world: World, bounced: Message, as_alice: Client):
    made = send(as_alice, bounced)
    old, new = source(bounced), source(made)
    assert split(new)[1] == split(old)[1]
    old_head, new_head = parse_head(split(old)[0]), parse_head(split(new)[0])
    changed = {b"date", b"message-id"}
    assert [one for one in new_head.fields if one.name not in changed] == [
        one for one in old_head.fields if one.name not in changed
    ]
    assert new_head.first("Message-ID") != old_head.first("Message-ID")
    assert (made.recipient, made.subject, made.category, made.status) == (
        "ada@far.test",
        bounced.subject,
        "Order",
        "queued",
    )
    again = Submission.objects.get(pk=made.submission_id)
    assert (again.custom_variables, again.track_opens, again.door) == ({"order": "1"}, False, "internal")
    bounced.refresh_from_db()
    assert bounced.status == "bounced"
    entry = AuditEntry.objects.get(action="message.sent_again")
    assert entry.actor == world.alice
    assert entry.changes == {"message": {"from": str(bounced.pk), "to": str(made.pk)}}


def test_with_another_recipient_and_subject_its_headers_say_so(world: World, bounced: Message, as_alice: Client):
    made = send(as_alice, bounced, to="grace@far.test", subject="Größer: your order")
    head = parse_head(split(source(made))[0])
    assert (head.all("To"), head.all("Cc")) == (["grace@far.test"], [])
    assert (made.recipient, made.subject) == ("grace@far.test", "Größer: your order")
    assert len(head.all("Subject")) == 1
    assert AuditEntry.objects.get(action="message.sent_again").changes["recipient"]["to"] == "grace@far.test"


def test_a_second_press_sends_nothing_more(world: World, bounced: Message, as_alice: Client):
    key = key_on(as_alice.get(path_of(bounced)).content)
    form = {"to": bounced.recipient, "subject": bounced.subject, "key": key}
    answers = {as_alice.post(path_of(bounced), form)["Location"] for _ in range(2)}
    assert len(answers) == 1
    assert Message.objects.count() == 2
    assert AuditEntry.objects.filter(action="message.sent_again").count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"to": "nonsense"}, "The address has no @ sign."),
        ({"to": ""}, "The email needs a recipient."),
        ({"to": "a@b.test\r\nBcc: victim@far.test"}, 'class="error"'),
        ({"subject": "one\r\nBcc: victim@far.test"}, "A subject cannot hold this text"),
    ],
)
def test_what_no_mail_can_say_is_refused(
    form: dict[str, str], words: str, world: World, bounced: Message, as_alice: Client
):
    key = key_on(as_alice.get(path_of(bounced)).content)
    response = as_alice.post(path_of(bounced), {"to": bounced.recipient, "subject": "x", "key": key} | form)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Message.objects.count() == 1


def test_a_domain_that_may_not_send_any_more_is_told(world: World, bounced: Message, as_alice: Client):
    world.account.state = "banned"
    world.account.save()
    key = key_on(as_alice.get(path_of(bounced)).content)
    response = as_alice.post(path_of(bounced), {"to": bounced.recipient, "subject": "x", "key": key})
    assert response.status_code == 422
    assert "The email was not accepted:" in response.content.decode()


def test_mail_on_its_way_and_mail_without_content_are_not_sent_again(world: World, bounced: Message, as_alice: Client):
    waiting = make_message(world.domain, status="queued")
    assert as_alice.get(path_of(waiting)).status_code == 302
    assert b"Send again" not in as_alice.get(f"/a/{world.account.pk}/log/{waiting.pk}/").content
    assert b"Send again" in as_alice.get(f"/a/{world.account.pk}/log/{bounced.pk}/").content
    key = key_on(as_alice.get(path_of(bounced)).content)
    Content.objects.all().delete()
    response = as_alice.post(path_of(bounced), {"to": bounced.recipient, "subject": bounced.subject, "key": key})
    assert response.status_code == 422
    assert "no longer stored" in response.content.decode()


def test_who_may_not_send_may_not_and_strangers_find_nothing(
    world: World, bounced: Message, signed_in: Callable[[User], Client]
):
    vera = signed_in(world.vera)
    assert vera.get(path_of(bounced)).status_code == 403
    assert b"Send again" not in vera.get(f"/a/{world.account.pk}/log/{bounced.pk}/").content
    assert signed_in(world.charlie).post(path_of(bounced)).status_code == 404
    assert Message.objects.count() == 1
