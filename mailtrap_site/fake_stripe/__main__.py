"""`python -m mailtrap_site.fake_stripe`: the stand-in as one of the programs of `make run`."""

import signal

from mailtrap_site import environment
from mailtrap_site.embedded.follow_parent import end_with_parent
from mailtrap_site.fake_stripe.server import FakeStripe


def main() -> None:
    """Serves until SIGTERM."""
    end_with_parent()
    settings = environment.read()
    fake = FakeStripe(
        port=settings.payments.fake_port,
        file=settings.var_dir / "fake_stripe.json",
        webhook=f"http://127.0.0.1:{settings.web_port}/stripe/events/",
        secret=settings.payments.webhook_secrets[0],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: fake._ended.set())
    fake.start().wait()
    fake.stop()


main()
