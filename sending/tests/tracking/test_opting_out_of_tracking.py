"""The page by which a reader stops the tracking: asks, does, undoes."""

import pytest
from django.test import Client

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Event, TrackingOptOut
from sending.tests.tracking.links import READER, pixel_of, tracking_of

pytestmark = pytest.mark.django_db


def test_a_reader_stops_the_tracking_and_takes_it_back(world: World) -> None:
    message = make_message(world.domain, "Rita@far.test")
    client = Client(enforce_csrf_checks=True, headers={"host": "mt-link.shop.test"})
    assert "Stop the tracking?" in client.get(tracking_of(message)).content.decode()
    assert not TrackingOptOut.objects.exists()
    for _ in range(2):
        assert "You are not tracked any more" in client.post(tracking_of(message)).content.decode()
    entry = TrackingOptOut.objects.get()
    assert (entry.email, entry.domain_id, entry.message_id) == ("rita@far.test", world.domain.pk, message.pk)
    client.get(pixel_of(message), **READER)
    assert not Event.objects.filter(type="open").exists()
    assert "Tracking is on again" in client.post(tracking_of(message), {"undo": "1"}).content.decode()
    assert not TrackingOptOut.objects.exists()
    assert world.account.audit_entries.get(action="tracking_opt_out.removed").actor_name == "the reader"
    client.get(pixel_of(message), **READER)
    assert Event.objects.filter(type="open").count() == 1


def test_it_works_when_the_message_is_gone(world: World) -> None:
    message = make_message(world.domain, "rita@far.test")
    path = tracking_of(message)
    message.delete()
    assert Client(enforce_csrf_checks=True).post(path).status_code == 200
    assert TrackingOptOut.objects.get().email == "rita@far.test"
