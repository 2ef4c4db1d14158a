"""Fixtures of the account tests."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts.authentication import forget_tokens


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Throttles and known tokens live in the process; each test starts without them."""
    cache.clear()
    forget_tokens()
    yield
