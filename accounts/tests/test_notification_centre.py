"""The notification centre: read, put away, filtered; one's own alone."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from accounts.notices import notify, tell_person
from mailtrap_site.testing.world import World

PAGE = "/notifications/"


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def news(world: World) -> World:
    notify(world.account, "domain.verified", "example.test is verified", "You may send.", "/a/1/domains/1/")
    notify(world.account, "domain.suspended", "example.test is suspended", "Because.", level="critical")
    tell_person(world.alice, "user.password_changed", "Your password was changed", "Just now.")
    return world


def titles(client: Client, query: str = "") -> list[str]:
    return [one.title for one in client.get(PAGE + query).context["rows"]]


def test_the_bell_counts_what_is_unread(news: World):
    client = as_user(news.alice)
    assert "3 unread notifications" in client.get(PAGE).content.decode()
    client.post("/notifications/act/", {"act": "read"})
    assert "unread notification" not in client.get(PAGE).content.decode().replace("Unread", "")
    assert "2 unread notifications" in as_user(news.bob).get(PAGE).content.decode()


def test_reading_archiving_and_taking_back(news: World):
    client = as_user(news.alice)
    one = Notification.objects.get(user=news.alice, kind="domain.suspended")
    answer = client.post("/notifications/act/", {"act": f"read:{one.pk}", "back": "?show=all&level=critical"})
    assert answer["Location"] == "/notifications/?show=all&level=critical"
    assert "example.test is suspended" not in titles(client)
    assert "example.test is suspended" in titles(client, "?show=all")
    client.post("/notifications/act/", {"act": f"archive:{one.pk}"})
    assert titles(client, "?show=archive") == ["example.test is suspended"]
    assert "example.test is suspended" not in titles(client, "?show=all")
    client.post("/notifications/act/", {"act": f"take_back:{one.pk}"})
    assert titles(client, "?show=archive") == []


def test_filters_by_level_and_account(news: World):
    client = as_user(news.alice)
    assert titles(client, "?level=critical") == ["example.test is suspended"]
    assert titles(client, "?account=0") == ["Your password was changed"]
    assert len(titles(client, f"?account={news.account.pk}")) == 2
    assert len(titles(client, "?level=nonsense&show=nonsense&below=x&account=y")) == 3


def test_opening_one_reads_it_and_leads_on(news: World):
    one = Notification.objects.get(user=news.alice, kind="domain.verified")
    answer = as_user(news.alice).post(reverse("accounts:notification_open", args=[one.pk]))
    assert answer["Location"] == "/a/1/domains/1/"
    one.refresh_from_db()
    assert one.read_at is not None


def test_nobody_touches_the_news_of_another(news: World):
    one, client = Notification.objects.get(user=news.alice, kind="domain.verified"), as_user(news.bob)
    client.post("/notifications/act/", {"act": f"archive:{one.pk}"})
    assert client.post(reverse("accounts:notification_open", args=[one.pk])).status_code == 404
    one.refresh_from_db()
    assert (one.read_at, one.archived_at) == (None, None)
    assert titles(as_user(news.charlie), "?show=all") == []
    assert Client().get(PAGE).status_code == 302


def test_it_leads_back_to_no_other_site(news: World):
    answer = as_user(news.alice).post("/notifications/act/", {"act": "read", "back": "//evil.test/"})
    assert answer["Location"] == "/notifications/"
