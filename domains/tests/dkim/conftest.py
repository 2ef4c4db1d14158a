import pytest

from domains import dkim


@pytest.fixture(scope="session")
def pair() -> dkim.KeyPair:
    return dkim.generate()


@pytest.fixture(scope="session")
def second_pair() -> dkim.KeyPair:
    return dkim.generate_ed25519()
