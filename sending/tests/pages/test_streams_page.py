"""An account chooses for each stream what becomes of uncertain mail; who may not send may only look."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, Role, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_user
from sending.models import OnUncertain, Stream, StreamSetting
from sending.policy.streams import Choice, choices_of

KEPT = {"transactional_kept": "log", "bulk_kept": "log"}


def path_of(world: World) -> str:
    return f"/a/{world.account.pk}/streams/"


def test_nothing_chosen_means_send_again(world: World, as_alice: Client):
    assert choices_of(world.account) == dict.fromkeys(Stream, Choice())
    page = as_alice.get(path_of(world)).content.decode()
    assert page.count("checked") == 2
    assert "is uncertain now" not in page


def test_a_choice_is_kept_for_its_stream_and_audited(world: World, as_alice: Client):
    answer = as_alice.post(path_of(world), KEPT | {"transactional": "send_again", "bulk": "ask"}, follow=True)
    assert "The choice was saved." in answer.content.decode()
    assert choices_of(world.account) == {
        Stream.TRANSACTIONAL: Choice(),
        Stream.BULK: Choice(OnUncertain.ASK),
    }
    assert not StreamSetting.objects.filter(account=world.stranger_account).exists()
    entry = AuditEntry.objects.get(action="stream.changed")
    assert (entry.actor_name, entry.by_staff) == ("alice@acme.test", False)
    assert entry.changes == {"on_uncertain": {"from": "send_again", "to": "ask"}}
    again = as_alice.post(path_of(world), KEPT | {"transactional": "send_again", "bulk": "ask"}, follow=True)
    assert "Nothing was changed." in again.content.decode()
    assert AuditEntry.objects.filter(action="stream.changed").count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"transactional": "ask"},
        {"transactional": "ask", "bulk": "perhaps"} | KEPT,
        {"transactional": "ask", "bulk": "ask", "transactional_kept": "7", "bulk_kept": "log"},
    ],
)
def test_what_is_no_choice_changes_nothing(body: dict[str, str], world: World, as_alice: Client):
    assert as_alice.post(path_of(world), body).status_code == 422
    assert not StreamSetting.objects.exists()


def test_a_viewer_may_look_and_not_choose(world: World, signed_in: Callable[[User], Client]):
    accountant = make_user("bill@acme.test", world.account, Role.BILLING)
    for reader in (world.vera, accountant):
        client = signed_in(reader)
        page = client.get(path_of(world))
        assert page.status_code == 200
        assert "Save the choice" not in page.content.decode()
        assert client.post(path_of(world), {"transactional": "ask", "bulk": "ask"}).status_code == 403
    assert not StreamSetting.objects.exists()


def test_uncertain_mail_is_counted_and_leads_to_the_log(world: World, as_alice: Client):
    make_message(world.domain, status="uncertain")
    page = as_alice.get(path_of(world)).content.decode()
    assert "1 email is uncertain now." in page
    assert f"/a/{world.account.pk}/log/?status=uncertain" in page


def test_bodies_go_earlier_than_the_log_where_the_account_wants_that(world: World, as_alice: Client):
    body = {"transactional": "send_again", "bulk": "send_again", "transactional_kept": "nothing", "bulk_kept": "1"}
    as_alice.post(path_of(world), body)
    assert choices_of(world.account) == {
        Stream.TRANSACTIONAL: Choice(body_days=0, keeps_subject=False),
        Stream.BULK: Choice(body_days=1),
    }
    page = as_alice.get(path_of(world)).content.decode()
    assert '<option value="nothing" selected>' in page
    assert '<option value="1" selected>' in page
    assert '<option value="3"' not in page  # As long as the plan's log.
