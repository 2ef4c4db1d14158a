"""`make demo-mail`: a small stream of mail through the API of the instance that runs here."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mailtrap_site.embedded.demo_stream import NotRunning, Sent, letters, send

MOST_SECONDS, MOST_A_SECOND = 600, 10.0


class Command(BaseCommand):
    help = "Sends a small stream of mail from the demo account, to recipients that show every outcome."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=int, default=30, help=f"how long, {MOST_SECONDS} at most")
        parser.add_argument("--rate", type=float, default=1.0, help=f"mails a second, {MOST_A_SECOND:g} at most")

    def handle(self, *args: Any, seconds: int, rate: float, **options: Any) -> None:
        if settings.ROUTE != "development":
            raise CommandError("Demo mail is sent on the development route only (ROUTE=development).")
        if not 1 <= seconds <= MOST_SECONDS or not 0 < rate <= MOST_A_SECOND:
            raise CommandError(f"--seconds goes from 1 to {MOST_SECONDS}, --rate to {MOST_A_SECOND:g} a second.")
        facts, sent = read_facts(settings.ENVIRONMENT.var_dir / "demo.env"), Sent()
        self.stdout.write(f"Sending for {seconds} s. Watch it at {facts['DASHBOARD_URL']}/a/{facts['ACCOUNT_ID']}/log/")
        begun, rng = time.monotonic(), Random()  # noqa: S311
        for number, (stream, letter) in enumerate(islice(letters(facts["DEMO_DOMAIN"], rng), ceil(seconds * rate))):
            time.sleep(max(begun + number / rate - time.monotonic(), 0))
            try:
                send(facts, stream, letter, sent)
            except NotRunning as problem:
                raise CommandError(f"{problem} Start everything with `make run`.") from problem
        self.stdout.write(f"{sent.accepted} emails were accepted.")
        for answer, count in sent.refused.most_common(5):
            self.stdout.write(f"{count} refused: {answer}")


def read_facts(file: Path) -> Mapping[str, str]:
    """The facts of a running instance. Raises CommandError with a sentence where there is none."""
    if not file.exists():
        raise CommandError(f"There is no {file}: no instance runs here. Start one with `make run`.")
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _equals, value in pairs}
