"""`manage.py prove`: breaks an instance of its own in every way, and counts its mail. `manage.py` itself takes this
word before Django looks for settings, since the proof has none; the command stands here for `manage.py help`."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mailtrap_site.proof.context import Form


def main(words: list[str]) -> int:
    """The exit code: 0 where every promise was kept."""
    parser = argparse.ArgumentParser(prog="manage.py prove", description=Command.help)
    _add_arguments(parser)
    options = vars(parser.parse_args(words))
    return _prove(options)


class Command(BaseCommand):
    help = "Proves on an instance of its own that no accepted mail is lost or doubled, whatever is killed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        _add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(_prove(options))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--form",
        choices=[form.value for form in Form],
        default=Form.FULL.value,
        help="short: what the tests run; full: all; services: on PostgreSQL, RabbitMQ and Redis as others run them",
    )
    parser.add_argument("--only", default="", help="a part of the names of the scenarios to run")


def _prove(options: dict[str, Any]) -> int:
    from mailtrap_site.proof import prove, services

    form, only = Form(options["form"]), options["only"]
    kept = services.prove_on_services(only) if form is Form.SERVICES else prove.prove(form, only)
    return 0 if kept else 1
