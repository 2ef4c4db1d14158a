"""Staff see the balance: differences first, what each means, and the messages concerned."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from mailtrap_site.support.look import number_of_differences
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import meters
from sending.log.balance import hour_of
from sending.log.balance_check import count
from sending.models import HourBalance, QueueEntry
from sending.tests.planted_days import plant_days

PAGE = "/admin/sending/hourbalance/"


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test"))
    return client


def meter(world: World, used: int) -> None:
    now = datetime.now(UTC)
    world.account.usage_periods.create(
        starts_at=now - timedelta(days=3), ends_at=now + timedelta(days=3), used=used, message_limit=100
    )
    plant_days()


def counted(world: World, used: int) -> None:
    now = datetime.now(UTC)
    meter(world, used)
    count(hour_of(now - timedelta(hours=2)), now)
    count(hour_of(now), now)
    meters.compare(now)


def test_a_balanced_world_is_said_in_one_sentence(world: World, staff: Client):
    assert "Nothing was counted yet" in staff.get(PAGE).content.decode()
    make_message(world.domain)
    counted(world, used=1)
    page = staff.get(PAGE).content.decode()
    assert "Every accepted recipient is in exactly one state" in page
    assert "Acme" in page and "Delivered 1" in page
    assert 'role="alert"' not in page


def test_a_difference_comes_first_and_leads_to_its_messages(world: World, staff: Client):
    lost = make_message(world.domain, status="queued", at=datetime.now(UTC) - timedelta(hours=2))
    make_message(world.domain)
    QueueEntry.objects.all().delete()
    counted(world, used=2)
    page = staff.get(PAGE).content.decode()
    assert "About 1 recipient the tables contradict each other" in page
    rows = list(staff.get(PAGE).context["cl"].result_list)
    assert [row.difference for row in rows] == [1, 0]
    only = staff.get(PAGE, {"differs": "yes"}).context["cl"].result_list
    assert [row.difference for row in only] == [1]
    detail = staff.get(f"{PAGE}{rows[0].pk}/change/").content.decode()
    assert "nobody will send it" in detail
    assert f"/admin/sending/message/{lost.pk}/change/" in detail


def test_a_meter_that_is_off_is_named_with_both_figures(world: World, staff: Client):
    make_message(world.domain)
    counted(world, used=5)
    assert "the meter shows 5, accepted were 1; it is off by 4" in staff.get(PAGE).content.decode()


def test_a_balance_outlives_its_account(world: World, staff: Client):
    HourBalance.objects.create(
        hour=hour_of(datetime.now(UTC)),
        account_id=999_999,
        accepted=1,
        states={"delivered": 1},
        differences={},
        difference=0,
    )
    assert "deleted (999999)" in staff.get(PAGE).content.decode()


def test_members_do_not_see_it(world: World):
    client = Client()
    client.force_login(world.alice)
    assert client.get(PAGE).status_code in (302, 403)


def test_the_side_of_the_desk_counts_what_differs(world: World, staff: Client):
    assert number_of_differences() == ""
    make_message(world.domain, status="queued", at=datetime.now(UTC) - timedelta(hours=2))
    QueueEntry.objects.all().delete()
    counted(world, used=5)
    # One recipient that is lost, and the meter that shows five instead of one.
    assert number_of_differences() == "2"
    assert ">2<" in "".join(staff.get("/admin/requests/").content.decode().split())
