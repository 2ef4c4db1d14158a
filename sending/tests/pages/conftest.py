from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from mailtrap_site.testing.world import World


@pytest.fixture
def as_alice(world: World) -> Client:
    client = Client()
    client.force_login(world.alice)
    return client


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser of that person."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
