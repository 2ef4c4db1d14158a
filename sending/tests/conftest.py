from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoDbBlocker

from sending.models.partitions import make_partitions


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Partitions of the past weeks as well, for mail that a test lets be older than this week."""
    with django_db_blocker.unblock():
        for weeks in range(1, 5):
            make_partitions(datetime.now(UTC) - timedelta(weeks=weeks))
