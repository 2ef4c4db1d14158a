"""Fixtures of the acceptance's tests."""

import pytest

from sending.submission import group_commit, sandbox


@pytest.fixture
def real_flusher(transactional_db, settings):
    """The threads with their own connections, which end with the test."""
    settings.GROUP_COMMIT_INLINE = False
    yield
    group_commit.close()
    sandbox.close()
