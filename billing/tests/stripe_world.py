"""A stand-in for Stripe that our code talks to over a socket, and a customer at its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from mailtrap_site.fake_stripe.server import FakeStripe

GOOD, DECLINED, LATER = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 0341"
ASKS_BANK = "4000 0027 6000 3184"
MONTH = 32 * 86_400


class Paying:
    """Someone with the right to pay, and Stripe. No event reaches us unless `deliver` brings it."""

    def __init__(self, fake: FakeStripe, account: Account, user: User) -> None:
        self.fake, self.account, self.client = fake, account, Client()
        self.client.force_login(user)
        self._web = requests.Session()
        self._web.trust_env = False

    def post(self, name: str, **typed: str) -> Any:
        return self.client.post(reverse(f"billing:{name}", args=[self.account.pk]), typed)

    def type_card(self, address: str, card: str) -> requests.Response:
        """Sends the form of one of Stripe's pages; follows nothing."""
        return self._web.post(address, {"card": card, "country": "DE"}, allow_redirects=False, timeout=5)

    def pay(self, plan: str, card: str = GOOD) -> requests.Response:
        """The first payment, up to Stripe's redirect back to us."""
        return self.type_card(self.post("checkout", plan=plan)["Location"], card)

    def come_back(self, answer: requests.Response) -> Any:
        return self.client.get(answer.headers["Location"].replace("http://localhost:8020", ""))

    def subscribe(self, plan: str, card: str = GOOD) -> None:
        self.come_back(self.pay(plan, card))

    def ask(self, path: str, **asked: Any) -> requests.Response:
        """What only tests do: clock, refunds, disputes."""
        return self._web.post(f"{self.fake.address}/stand-in/{path}", asked, timeout=5)

    def events(self) -> list[dict[str, Any]]:
        """What has happened since it was last asked."""
        with self.fake.lock:
            happened, self.fake.books.outbox = self.fake.books.outbox, []
        return happened

    def deliver(self, event: dict[str, Any], at: int | None = None) -> int:
        body, signature = self.fake.signed(event, at)
        return self.knock(body, signature)

    def knock(self, body: bytes, signature: str) -> int:
        answer = Client().post(
            reverse("billing:stripe_events"),
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )
        return answer.status_code


@contextmanager
def stripe_at_hand(settings: Any) -> Iterator[FakeStripe]:
    """The stand-in with the prices of our plans; our settings name it."""
    fake = FakeStripe(secret="whsec_new").start()
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_x", fake.address
    settings.STRIPE_WEBHOOK_SECRETS = ("whsec_old", "whsec_new")
    try:
        call_command("stripe_prices", verbosity=0)
        yield fake
    finally:
        fake.stop()
