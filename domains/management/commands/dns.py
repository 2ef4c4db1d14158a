"""`manage.py dns`: the name server of the platform's zone and, in the embedded default, of the demo zone."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from domains.nameserver import NameServer
from domains.setup import has_demo_zone
from domains.zones import DemoZone, Zones, platform_zone

log = structlog.get_logger(__name__)

THREADS = 4


class Command(BaseCommand):
    help = "Serves the platform's zone by UDP and TCP on DNS_HOST and DNS_PORT."

    def handle(self, *arguments: Any, **options: Any) -> None:
        environment = settings.ENVIRONMENT
        try:
            asyncio.run(_serve(environment.dns_host, environment.dns_port))
        except OSError as problem:
            raise CommandError(
                f"Cannot listen on {environment.dns_host} port {environment.dns_port} ({problem.strerror}). "
                "Change DNS_HOST or DNS_PORT, or stop the program that uses it."
            ) from problem


async def _serve(host: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    platform = platform_zone()
    if has_demo_zone():
        # Who presses "Publish" and then "Check now" must see it at once, so nothing is kept.
        zones = Zones(platform, DemoZone(), kept_seconds=0, before_reading=close_old_connections)
    else:
        zones = Zones(platform, before_reading=close_old_connections)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="zone") as executor:
        server = NameServer(zones, executor)
        await server.start(host, port)
        log.info("dns_listening", host=host, port=port, zone=settings.PLATFORM_DOMAIN)
        await stopped.wait()
        await server.stop()
