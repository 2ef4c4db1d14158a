"""`manage.py smtpd`: the submission server."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailtrap_site.embedded.follow_parent import end_with_parent
from sending.listener.workers import MISCONFIGURED, run_in_processes
from sending.submission.smtp_listener import serve


class Command(BaseCommand):
    help = "Runs the SMTP submission server until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=settings.ENVIRONMENT.smtpd_workers)

    def handle(self, *args: Any, **options: Any) -> None:
        end_with_parent()
        workers = options["workers"]
        if workers < 1:
            raise CommandError("SMTPD_WORKERS must be at least 1.")
        if workers == 1:
            _serve(reuse_port=False)
        elif run_in_processes(workers, _serve_as_worker) == MISCONFIGURED:
            raise CommandError("A worker could not start.")


def _serve(*, reuse_port: bool) -> None:
    environment = settings.ENVIRONMENT
    try:
        serve(environment, reuse_port=reuse_port)
    except FileNotFoundError as problem:
        files = f"{environment.tls_certificate} or {environment.tls_key}"
        raise CommandError(f"{files} is missing. Set TLS_CERTIFICATE and TLS_KEY.") from problem
    except OSError as problem:
        raise CommandError(
            f"Cannot listen on {environment.smtp_host}: {problem.strerror}. "
            "Set SMTP_PORT, SMTP_EXTRA_PORTS or SMTPS_PORT to free ports."
        ) from problem


def _serve_as_worker() -> int:
    try:
        _serve(reuse_port=True)
    except CommandError as problem:
        sys.stderr.write(f"{problem}\n")
        return MISCONFIGURED
    return 0
