"""The settings of payments, read and checked; a part of `environment.py`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import environ

STAND_IN_KEY = "sk_test_stand_in"
"""The key at the stand-in for Stripe that `make run` starts."""
FAKE_STRIPE_PORT = 8021
_REAL_MONEY = ("sk_live_", "rk_live_")


@dataclass(frozen=True, slots=True)
class Payments:
    """Where plans are paid."""

    secret_key: str
    """Empty: nobody can pay here; owners ask for a plan and staff assign it."""
    webhook_secrets: tuple[str, ...]
    """More than one while they are being changed."""
    api_base: str
    """Empty for Stripe itself; else a stand-in on the loopback."""
    fake_port: int
    """Of the stand-in that `make run` starts on the development route; zero for none."""


def read(env: environ.Env, site_url: str) -> Payments:
    """Raises ValueError with a sentence."""
    payments = Payments(
        secret_key=env.str("STRIPE_SECRET_KEY", ""),
        webhook_secrets=tuple(env.list("STRIPE_WEBHOOK_SECRET", default=[])),
        api_base=env.str("STRIPE_API_BASE", "").rstrip("/"),
        fake_port=env.int("FAKE_STRIPE_PORT", FAKE_STRIPE_PORT),
    )
    if payments.secret_key and not payments.webhook_secrets:
        raise ValueError(
            "STRIPE_SECRET_KEY is set, but STRIPE_WEBHOOK_SECRET is not. Stripe shows it beside the webhook."
        )
    if payments.secret_key.startswith(_REAL_MONEY) and not site_url.startswith("https://"):
        raise ValueError(
            "STRIPE_SECRET_KEY takes real money, so SITE_URL must begin with https://. Use a test key until then."
        )
    base = urlsplit(payments.api_base)
    if payments.api_base and (base.scheme != "http" or base.hostname not in ("127.0.0.1", "localhost")):
        raise ValueError("STRIPE_API_BASE is for a stand-in at http://127.0.0.1:port; leave it out for Stripe itself.")
    if payments.api_base and payments.secret_key.startswith(_REAL_MONEY):
        raise ValueError(
            "STRIPE_API_BASE names a stand-in, but STRIPE_SECRET_KEY takes real money. Leave one of them out."
        )
    return payments
