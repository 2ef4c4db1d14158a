"""An engine of the test's own, and settings that lead every mail to a fake exchanger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrap_site.testing.world import make_world
from sending.delivery.drain import Engine
from sending.delivery.sign import forget_keys


@pytest.fixture
def domain(transactional_db):
    forget_keys()
    return make_world().domain


@pytest.fixture
def lead_to(settings):
    """Makes the development route end at a server."""

    def lead(server):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, mx_host=server.host, mx_port=server.port)

    return lead


@pytest.fixture
def engine(domain):
    """Closed before the tables are emptied."""
    made = Engine(lease=timedelta(seconds=30))
    yield made
    made.close()
