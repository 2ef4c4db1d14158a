"""Real money is never taken by mistake, and a newcomer needs no keys."""

from pathlib import Path

import environ
import pytest

from mailtrap_site import payment_settings
from mailtrap_site.embedded import instance
from mailtrap_site.payment_settings import STAND_IN_KEY, Payments

LIVE, SECRET = {"STRIPE_SECRET_KEY": "sk_live_x"}, {"STRIPE_WEBHOOK_SECRET": "whsec_old,whsec_new"}
STAND_IN = {"STRIPE_API_BASE": "http://127.0.0.1:8021"}


def read(given: dict[str, str], site_url: str = "https://mail.example.com") -> Payments:
    env = environ.Env()
    env.ENVIRON = given
    return payment_settings.read(env, site_url)


def test_without_a_key_nothing_is_paid():
    assert read({}) == Payments("", (), "", 8021)


def test_a_live_key_with_two_secrets_and_https_stands():
    assert read(LIVE | SECRET).webhook_secrets == ("whsec_old", "whsec_new")


@pytest.mark.parametrize(
    ("given", "site_url", "word"),
    [
        (LIVE, "https://mail.example.com", "STRIPE_WEBHOOK_SECRET"),
        (LIVE | SECRET, "http://mail.example.com", "https://"),
        (LIVE | SECRET | STAND_IN, "https://mail.example.com", "real money"),
        ({"STRIPE_API_BASE": "http://192.0.2.1"}, "", "stand-in at"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(given: dict[str, str], site_url: str, word: str):
    with pytest.raises(ValueError, match=word):
        read(given, site_url)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FAKE_STRIPE_PORT", "ROUTE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def written(folder: Path) -> str:
    instance.load(folder)
    return (folder / "instance.env").read_text()


def test_a_fresh_instance_has_the_stand_in_and_keeps_its_secret(fresh: Path):
    first = written(fresh)
    assert f"STRIPE_SECRET_KEY={STAND_IN_KEY}" in first
    assert written(fresh) == first


@pytest.mark.parametrize(
    ("name", "value"), [("ROUTE", "mx"), ("FAKE_STRIPE_PORT", "0"), ("STRIPE_SECRET_KEY", "sk_test_own")]
)
def test_none_stands_in_where_mail_leaves_or_the_operator_says_otherwise(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    assert "STRIPE" not in written(fresh)
