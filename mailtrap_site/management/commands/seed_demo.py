"""Makes the demo account and writes `var/demo.env`; the supervisor runs it once everything answers."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mailtrap_site.embedded import demo


class Command(BaseCommand):
    help = "Makes the demo account of the development route and writes var/demo.env."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ROUTE != "development":
            raise CommandError("The demo account exists on the development route only (ROUTE=development).")
        var_dir = settings.ENVIRONMENT.var_dir
        try:
            demo.write(var_dir, demo.seed(var_dir))
        except demo.NotVerified as problem:
            raise CommandError(str(problem)) from problem
