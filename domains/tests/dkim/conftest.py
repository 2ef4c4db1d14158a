import pytest

from domains import dkim


@pytest.fixture(scope="session")
def pair() -> dkim.KeyPair:
    return dkim.generate()
