"""What the tests of the site as a whole share."""

from collections.abc import Iterator

import pytest

from mailtrap_site.testing import live_instance
from mailtrap_site.testing.live_instance import LiveInstance


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveInstance]:
    """The one whole instance of the test run; whoever uses it belongs to the xdist group `live`."""
    with live_instance.running(tmp_path_factory.mktemp("live")) as instance:
        yield instance
