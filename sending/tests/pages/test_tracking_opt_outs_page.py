"""The list of readers who do not want to be tracked: shown, filtered, added to and removed from."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from sending.models import TrackingOptOut

pytestmark = pytest.mark.django_db


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(world: World, name: str = "tracking_opt_outs", *more: object) -> str:
    return reverse(f"sending:{name}", args=[world.account.pk, *more])


def opt_out(world: World, email: str = "rita@far.test") -> TrackingOptOut:
    return TrackingOptOut.objects.create(account=world.account, domain=world.domain, email=email)


def test_addresses_are_added_once_and_removed_after_a_question(world: World) -> None:
    client = as_user(world.bob)
    chosen = {"addresses": "Rita@far.test, joe@far.test\nrita@FAR.test", "domain": str(world.domain.pk)}
    page = client.post(url(world, "tracking_opt_outs_add"), chosen, follow=True).content.decode()
    assert "2 addresses were added." in page
    assert (
        "1 was there before."
        in client.post(
            url(world, "tracking_opt_outs_add"), {**chosen, "addresses": "rita@far.test"}, follow=True
        ).content.decode()
    )
    entry = TrackingOptOut.objects.get(email="rita@far.test")
    removal = url(world, "tracking_opt_out_removal", entry.pk)
    assert "Track rita@far.test again?" in client.get(removal).content.decode()
    assert TrackingOptOut.objects.count() == 2
    assert "may be tracked again" in client.post(removal, follow=True).content.decode()
    assert [one.email for one in TrackingOptOut.objects.all()] == ["joe@far.test"]
    assert world.account.audit_entries.get(action="tracking_opt_out.removed").actor == world.bob


def test_what_is_no_address_and_a_foreign_domain_are_refused(world: World) -> None:
    client = as_user(world.bob)
    for addresses, domain in (("nobody", world.domain.pk), ("a@far.test", world.stranger_domain.pk)):
        answer = client.post(url(world, "tracking_opt_outs_add"), {"addresses": addresses, "domain": str(domain)})
        assert answer.status_code == 422
    assert not TrackingOptOut.objects.exists()


def test_filters_narrow_the_list(world: World) -> None:
    opt_out(world, "rita@far.test")
    opt_out(world, "joe@far.test")
    client = as_user(world.vera)
    page = client.get(url(world)).content.decode()
    assert "2 entries" in page
    assert "Add addresses" not in page
    assert "Remove" not in page
    page = client.get(f"{url(world)}?q=ri&domain={world.domain.pk}").content.decode()
    assert "Address begins with ri" in page
    assert "joe@far.test" not in page
    assert "Nothing matches" in client.get(f"{url(world)}?until=2001-01-01").content.decode()


def test_a_viewer_changes_nothing(world: World) -> None:
    entry, client = opt_out(world), as_user(world.vera)
    for path in (url(world, "tracking_opt_outs_add"), url(world, "tracking_opt_out_removal", entry.pk)):
        assert client.post(path).status_code == 403
    assert TrackingOptOut.objects.count() == 1


def test_the_timeline_tells_programs_from_the_reader(world: World) -> None:
    message = make_message(world.domain)
    make_event(message, "open", {"machine": "Apple Mail Privacy Protection"})
    make_event(message, "click", {"machine": "Barracuda", "click_url": "https://shop.test/"})
    page = as_user(world.vera).get(reverse("sending:message", args=[world.account.pk, message.pk])).content.decode()
    assert "not by the reader: Apple Mail Privacy Protection" in page
    assert "https://shop.test/, not by the reader: Barracuda" in page
    assert "by the reader<" not in page
