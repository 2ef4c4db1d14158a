"""`manage.py doctor`: the operator's checks without a browser; the exit code is 1 where something has to be mended."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from mailtrap_site.operator import checks
from mailtrap_site.operator.finding import State

WORDS = {
    State.FINE: "fine",
    State.WARNING: "WATCH",
    State.FAILURE: "MEND",
    State.UNKNOWN: "not known",
    State.SKIPPED: "not asked",
}


class Command(BaseCommand):
    help = (
        "Asks what receivers judge this instance by: reverse DNS, SPF, blocklists, zone, certificates, clock, port 25."
    )

    def handle(self, *arguments: Any, **options: Any) -> None:
        report = checks.run()
        for section in report.sections:
            self.stdout.write(f"\n{section.title}")
            for one in section.findings:
                self.stdout.write(f"  {WORDS[one.state]:<10} {one.subject}: {one.found}")
                if one.advice:
                    self.stdout.write(f"  {'':<10} {one.advice}")
        counts = ", ".join(f"{report.count(state)} {word}" for state, word in WORDS.items() if report.count(state))
        self.stdout.write(f"\n{counts}")
        if report.has_failed:
            sys.exit(1)
