"""Runs the proxy that lets unmodified SDKs talk to this instance."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mailtrap_site.embedded.certificates import MAILTRAP_NAMES
from mailtrap_site.embedded.compat import CompatProxy, Target


class Command(BaseCommand):
    help = "Answers in place of Mailtrap's API hosts for SDKs that use it as their HTTPS proxy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8021, help="the port on 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = settings.ENVIRONMENT
        target = Target(environment.web_host, environment.web_port)
        proxy = CompatProxy(frozenset(MAILTRAP_NAMES), target, environment.tls_certificate, environment.tls_key)
        self.stdout.write(
            f"Set HTTPS_PROXY=http://127.0.0.1:{options['port']}, and for Python REQUESTS_CA_BUNDLE, for Node "
            f"NODE_EXTRA_CA_CERTS to {environment.tls_certificate.with_name('ca.pem')}. Ctrl-C stops."
        )
        try:
            asyncio.run(_run(proxy, options["port"]))
        except OSError as problem:
            raise CommandError(
                f"Cannot listen on port {options['port']} ({problem.strerror}). Choose another with --port."
            ) from problem


async def _run(proxy: CompatProxy, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await proxy.start("127.0.0.1", port)
    await stopped.wait()
    server.close()
