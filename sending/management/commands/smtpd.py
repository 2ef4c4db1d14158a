"""`manage.py smtpd`: the submission server."""

import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailtrap_site.embedded.follow_parent import end_with_parent
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
        else:
            _serve_in_processes(workers)


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


def _serve_in_processes(workers: int) -> None:
    """Workers share the ports by SO_REUSEPORT. When one ends, all end, and the supervisor starts anew."""
    children = {_start_worker() for _ in range(workers)}

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    failed = False
    while children:
        child, status = os.wait()
        children.discard(child)
        failed = failed or os.waitstatus_to_exitcode(status) != 0
        stop()
    if failed:
        raise CommandError("A worker ended with an error.")


def _start_worker() -> int:
    child = os.fork()
    if child:
        return child
    end_with_parent()
    try:
        _serve(reuse_port=True)
    except CommandError as problem:
        sys.stderr.write(f"{problem}\n")
        os._exit(1)
    os._exit(0)
