"""Stripe's stand-in for the tests of this app."""

from collections.abc import Iterator
from typing import Any

import pytest

from billing.tests.stripe_world import Paying, stripe_at_hand
from mailtrap_site.testing.world import World


@pytest.fixture
def paying(world: World, settings: Any) -> Iterator[Paying]:
    with stripe_at_hand(settings) as fake:
        yield Paying(fake, world.account, world.alice)
