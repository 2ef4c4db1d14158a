"""Fixtures of the acceptance's tests."""

import pytest

from sending.submission import group_commit


@pytest.fixture
def real_flusher(transactional_db, settings):
    """The thread with its own connection, which ends with the test."""
    settings.GROUP_COMMIT_INLINE = False
    yield
    group_commit.close()
