"""Fixtures of the acceptance's tests."""

import pytest
from django.core.cache import cache

from accounts.authentication import forget_tokens
from sending.listener import Limits, Port
from sending.policy.hints import forget_hints
from sending.protocol.smtp_server_events import ServerTls
from sending.submission import group_commit, sandbox
from sending.submission.smtp_listener import configuration
from sending.submission.smtp_session import SubmissionDoor
from sending.tests.listening import listening


@pytest.fixture
def real_flusher(transactional_db, settings):
    """The threads with their own connections, which end with the test."""
    settings.GROUP_COMMIT_INLINE = False
    yield
    group_commit.close()
    sandbox.close()


@pytest.fixture
def door(real_flusher):
    """The submission server's decisions, with nobody remembered."""
    cache.clear()
    forget_tokens()
    forget_hints()
    door = SubmissionDoor("live.smtp.platform.test")
    yield door
    door.close()


@pytest.fixture
def server(door):
    """STARTTLS and implicit TLS, each on a free port."""
    kinds = (ServerTls.STARTTLS, ServerTls.IMPLICIT)
    ports = [Port("127.0.0.1", 0, configuration(door.hostname, kind), door.handler) for kind in kinds]
    with listening(ports, Limits(connections_an_address=100, drain_seconds=2)) as listener:
        yield listener
