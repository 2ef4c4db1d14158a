"""A plan has room for so many sending domains; deleting one makes room."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from billing.models import QuotaOverride
from domains.models import SendingDomain
from domains.names import NameRefusal
from domains.setup import add_domain, delete_domain
from mailtrap_site.testing.world import World, make_platform


def allow(account: Account, domains: int) -> None:
    QuotaOverride.objects.create(account=account, term="domains", value=domains, reason="A test.")


@pytest.mark.django_db
def test_the_page_refuses_a_domain_more_than_the_plan_has_and_says_what_to_do(client: Client, world: World):
    client.force_login(world.alice)
    page = client.post(reverse("domains:add", args=[world.account.pk]), {"name": "second.test"})
    assert page.status_code == 422
    assert "All sending domains of your plan are in use (1)." in page.content.decode()
    assert SendingDomain.objects.filter(account=world.account).count() == 1


@pytest.mark.django_db
def test_a_deleted_domain_leaves_its_place_to_another(world: World):
    delete_domain(world.domain)
    added, _ = add_domain(world.account, "second.test")
    assert added.account == world.account
    with pytest.raises(NameRefusal, match="in use"):
        add_domain(world.account, "third.test")


@pytest.mark.django_db
def test_the_platform_has_as_many_as_it_needs():
    platform = make_platform()
    assert add_domain(platform, "another.test")[0].name == "another.test"


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_last_place_do_not_both_get_it(world: World):
    allow(world.account, 2)
    together = Barrier(4)

    def add(number: int) -> bool:
        together.wait(30)
        try:
            add_domain(world.account, f"name{number}.test")
            return True
        except NameRefusal:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(add, range(4))).count(True) == 1
    assert SendingDomain.objects.filter(account=world.account).count() == 2
