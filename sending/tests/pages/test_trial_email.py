"""A test email needs a verified domain and a role that may send; it goes to the reader, and to nobody else."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from domains.models import SendingDomain
from mailtrap_site.testing.world import World, make_domain
from sending.models import Message, Submission

pytestmark = pytest.mark.django_db


def send(client: Client, world: World, **form: object) -> str:
    response = client.post(f"/a/{world.account.pk}/test-email/", form)
    assert response.status_code == 302, response.status_code
    return str(response["Location"])


def test_it_goes_through_the_door_to_the_reader_without_a_token(world: World, as_alice: Client):
    ApiToken.objects.all().delete()
    location = send(as_alice, world, to="victim@far.test", recipient="victim@far.test", email="victim@far.test")
    message = Message.objects.get()
    assert location == f"/a/{world.account.pk}/log/{message.pk}/"
    assert (message.recipient, message.from_address) == ("alice@acme.test", "test@example.test")
    submission = Submission.objects.get()
    assert (submission.door, submission.stream, submission.token_id) == ("internal", "transactional", None)
    page = as_alice.get(location).content.decode()
    assert "The test email was accepted." in page
    assert "from the dashboard" in page


def test_it_leaves_from_the_domain_and_by_the_stream_that_were_chosen(world: World, as_alice: Client):
    second = make_domain(world.account, "second.test")
    send(as_alice, world, domain=second.pk, stream="bulk")
    assert Message.objects.get().from_address == "test@second.test"
    assert Submission.objects.get().stream == "bulk"


def test_it_is_metered(world: World, as_alice: Client):
    send(as_alice, world)
    assert "1 of 4,000" in as_alice.get(f"/a/{world.account.pk}/").content.decode().replace("<b>1</b>", "1")


def test_a_domain_that_may_not_send_is_no_choice(world: World, as_alice: Client):
    unverified = make_domain(world.account, "second.test", verified=False)
    for domain in (unverified, world.stranger_domain):
        assert send(as_alice, world, domain=domain.pk) == f"/a/{world.account.pk}/domains/"
    SendingDomain.objects.update(dns_verified_at=None)
    assert send(as_alice, world) == f"/a/{world.account.pk}/domains/"
    assert not Message.objects.exists()


def test_a_refusal_is_told(world: World, as_alice: Client):
    world.account.state = "banned"
    world.account.save()
    assert send(as_alice, world) == f"/a/{world.account.pk}/integration/"
    assert (
        "The test email was not accepted: The account is banned."
        in as_alice.get(f"/a/{world.account.pk}/integration/").content.decode()
    )


def test_who_may_not_send_is_refused(world: World, signed_in: Callable[[User], Client]):
    path = f"/a/{world.account.pk}/test-email/"
    assert signed_in(world.vera).post(path).status_code == 403
    assert signed_in(world.charlie).post(path).status_code == 404
    assert signed_in(world.bob).get(path).status_code == 405
    assert "may not send" in signed_in(world.vera).get(f"/a/{world.account.pk}/integration/").content.decode()
    domain_page = f"/a/{world.account.pk}/domains/{world.domain.pk}/"
    assert "Send a test email" not in signed_in(world.vera).get(domain_page).content.decode()
    assert "Send a test email" in signed_in(world.bob).get(domain_page).content.decode()
