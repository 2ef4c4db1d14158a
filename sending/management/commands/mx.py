"""The mail exchanger: port 25 of the platform, or the captured mailbox of the development route."""

import os
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand

from sending.bounces.own_mail import take_own_mail
from sending.bounces.recipients import DOMAIN_REPORTS, RETURN_PATHS, UNSUBSCRIPTIONS, Row, is_own_mailbox
from sending.bounces.session import Intake
from sending.capture import simulator
from sending.capture.store import capture
from sending.listener import Limits, Listener, Port, run, tls_context
from sending.listener.incoming import IncomingMail
from sending.models.shared_counts import SharedCounts
from sending.policy.overload import turn_away
from sending.policy.watch import Watch
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import ServerConfig, ServerTls

log = structlog.get_logger(__name__)

MAX_SIZE = 40 * 1024 * 1024
"""Octets; above the largest message that an account may send, headers that we add included."""
MAX_MESSAGES = 1000


class Command(BaseCommand):
    help = "Receives mail: bounces and reports, postmaster and abuse; on the development route, everything."

    def handle(self, *args: Any, **options: Any) -> None:
        intake = Intake(recipients_of(settings.ROUTE))
        addresses = SharedCounts("mx-address")
        listener = mx_listener(intake, addresses=addresses)
        watch = Watch([addresses])
        watch.start()
        run(listener, self._ready)
        intake.close()
        watch.close()

    def _ready(self, addresses: Sequence[tuple[str, int]]) -> None:
        for host, port in addresses:
            log.info("mx_listening", host=host, port=port)
        if ready_file := os.environ.get("READY_FILE"):
            FilePath(ready_file).touch()


def recipients_of(route: str) -> list[Row]:
    """The table of a route. Only the development route takes what is addressed to others, and keeps it here."""
    own = Row("postmaster and abuse", is_own_mailbox, take_own_mail)
    if route != "development":
        return [RETURN_PATHS, UNSUBSCRIPTIONS, DOMAIN_REPORTS, own]
    return [
        Row("simulator", simulator.is_simulated, simulator.receive, simulator.refusal),
        RETURN_PATHS,
        UNSUBSCRIPTIONS,
        DOMAIN_REPORTS,
        own,
        Row("everybody", lambda recipient: True, keep),
    ]


def keep(mail: IncomingMail, recipient: Path) -> None:
    """Stores the mail in the captured mailbox."""
    capture(mail, recipient.address)


def mx_listener(
    intake: Intake, *, host: str | None = None, port: int | None = None, addresses: SharedCounts | None = None
) -> Listener:
    """The listener of the mx; by default where the settings say. STARTTLS is offered where a certificate stands."""
    environment = settings.ENVIRONMENT
    has_tls = environment.tls_certificate.exists() and environment.tls_key.exists()
    context = tls_context(environment.tls_certificate, environment.tls_key) if has_tls else None
    config = ServerConfig(
        hostname=settings.PLATFORM_DOMAIN,
        tls=ServerTls.STARTTLS if has_tls else ServerTls.NONE,
        max_size=MAX_SIZE,
        max_messages=MAX_MESSAGES,
        allow_bare_postmaster=True,
    )
    where = (environment.mx_host if host is None else host, environment.mx_port if port is None else port)
    port_of_mx = Port(*where, config, intake.handler)
    return Listener([port_of_mx], context, Limits.of(environment), addresses=addresses, turn_away=turn_away)
