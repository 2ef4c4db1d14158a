"""Times are shown in the reader's zone: the profile's, else the browser's, else UTC."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.middleware import ReaderTimeZoneMiddleware
from accounts.models import User
from mailtrap_site.testing.world import World


def zone_during_a_request(chosen: str, cookie: str) -> str:
    request = RequestFactory().get("/")
    request.user = User(time_zone=chosen)
    request.COOKIES["time_zone"] = cookie

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(reason=timezone.get_current_timezone_name())

    return ReaderTimeZoneMiddleware(answer)(request).reason_phrase


@pytest.mark.parametrize(
    ("chosen", "cookie", "shown"),
    [
        ("Europe/London", "", "Europe/London"),
        ("Europe/London", "Asia%2FTokyo", "Europe/London"),
        ("", "Asia%2FTokyo", "Asia/Tokyo"),
        ("", "Asia/Tokyo", "Asia/Tokyo"),
        ("", "", "UTC"),
        ("", "Europe", "UTC"),
        ("", "../../etc/passwd", "UTC"),
        ("", "/etc/localtime", "UTC"),
        ("Atlantis/Capital", "Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_the_zone_of_a_request(chosen: str, cookie: str, shown: str):
    assert zone_during_a_request(chosen, cookie) == shown


def test_the_next_request_starts_without_the_zone_of_the_last():
    zone_during_a_request("Asia/Tokyo", "")
    assert timezone.get_current_timezone_name() == "UTC"


def test_the_profile_keeps_name_and_zone(world: World, client: Client):
    client.force_login(world.vera)
    answer = client.post(reverse("accounts:profile"), {"name": "Vera Lind", "time_zone": "Europe/Stockholm"})
    assert answer.status_code == 302
    world.vera.refresh_from_db()
    assert (world.vera.name, world.vera.time_zone) == ("Vera Lind", "Europe/Stockholm")
    assert 'data-zone="Europe/Stockholm"' in client.get(reverse("accounts:profile")).text


def test_the_profile_takes_no_zone_that_does_not_exist(world: World, client: Client):
    client.force_login(world.vera)
    answer = client.post(reverse("accounts:profile"), {"name": "Vera", "time_zone": "Atlantis/Capital"})
    assert answer.status_code == 422
    world.vera.refresh_from_db()
    assert world.vera.time_zone == ""


def test_the_profile_is_for_the_signed_in(client: Client, db: None):
    assert client.get(reverse("accounts:profile"))["Location"].startswith(reverse("account_login"))
