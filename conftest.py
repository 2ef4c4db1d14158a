"""What every test of a page needs."""

from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

examples.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("busy machine")

PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"


@pytest.fixture(autouse=True)
def plain_static_names(settings: Any) -> None:
    """Pages name their assets without hashes, since nothing was collected."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_STATIC}}


@pytest.fixture(autouse=True)
def accept_on_the_callers_connection(settings: Any) -> None:
    """Mail is accepted inside the test's own transaction; a test of the real thread says otherwise."""
    settings.GROUP_COMMIT_INLINE = True


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """The slow hash that protects real passwords takes half a second for each user of the world."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> Any:
    """Alice, Bob, Vera and Charlie, with their accounts."""
    # Imported late: this file is read before Django knows its apps.
    from django.db import transaction

    from mailtrap_site.testing.world import make_world

    with transaction.atomic():
        return make_world()
