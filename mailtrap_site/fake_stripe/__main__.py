"""`python -m mailtrap_site.fake_stripe`: the stand-in as one of the programs of `make run`."""

import signal

from mailtrap_site import environment
from mailtrap_site.embedded.follow_parent import end_with_parent
from mailtrap_site.fake_stripe.server import FakeStripe

ENDS = (signal.SIGTERM, signal.SIGINT)


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
    # Blocked before any thread begins, so that none of them is asked instead of this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    fake.start()
    signal.sigwait(ENDS)


main()
