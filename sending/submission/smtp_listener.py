"""The submission server: STARTTLS enforced on 587 and its like, implicit TLS on 465 (RFC 8314), AUTH on all ports."""

from collections.abc import Sequence

from django.conf import settings

from mailtrap_site.environment import Environment
from sending.listener import Limits, Listener, Port, run, tls_context
from sending.models.shared_counts import SharedCounts
from sending.policy.overload import turn_away
from sending.policy.watch import Watch
from sending.protocol.smtp_server_events import ServerConfig, ServerTls
from sending.submission import group_commit, sandbox
from sending.submission.smtp_session import SubmissionDoor


def configuration(hostname: str, tls: ServerTls) -> ServerConfig:
    """What a submission port demands."""
    return ServerConfig(
        hostname=hostname,
        tls=tls,
        require_tls=True,
        allow_auth=True,
        require_auth=True,
        max_size=settings.MESSAGE_MAX_BYTES,
        max_messages=settings.ENVIRONMENT.smtp_messages_per_connection,
    )


def ports(door: SubmissionDoor, environment: Environment) -> list[Port]:
    """The addresses of the settings."""
    explicit = configuration(door.hostname, ServerTls.STARTTLS)
    implicit = configuration(door.hostname, ServerTls.IMPLICIT)
    host = environment.smtp_host
    numbers = (environment.smtp_port, *environment.smtp_extra_ports)
    return [
        *(Port(host, number, explicit, door.handler) for number in numbers),
        Port(host, environment.smtps_port, implicit, door.handler),
    ]


def serve(environment: Environment, *, reuse_port: bool = False) -> None:
    """Runs until SIGTERM. Raises OSError for a port that is taken or a certificate that is not there."""
    door = SubmissionDoor(f"live.smtp.{environment.platform_domain}")
    context = tls_context(environment.tls_certificate, environment.tls_key)
    addresses = SharedCounts("smtp-address")
    listener = Listener(
        ports(door, environment),
        context,
        Limits.of(environment),
        reuse_port=reuse_port,
        addresses=addresses,
        turn_away=turn_away,
    )
    watch = Watch([addresses, door.connections])
    watch.start()
    try:
        run(listener, _announce)
    finally:
        group_commit.close()
        sandbox.close()
        door.close()
        watch.close()


def _announce(addresses: Sequence[tuple[str, int]]) -> None:
    where = ", ".join(f"{host}:{number}" for host, number in addresses)
    # In one piece, since several processes write to the same output.
    print(f"smtpd listens on {where}\n", end="", flush=True)
