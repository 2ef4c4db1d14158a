"""Which programs make up the service on one machine, and how each one shows that it serves."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mailtrap_site.embedded import readiness
from mailtrap_site.embedded.ports import Wanted
from mailtrap_site.embedded.postgres import Cluster
from mailtrap_site.embedded.supervisor import Program
from mailtrap_site.environment import BASE_DIR, Environment
from mailtrap_site.payment_settings import STAND_IN_KEY

_MANAGE = (sys.executable, str(BASE_DIR / "manage.py"))
_WARNINGS = "ignore:You're running the worker,ignore:An entry for the specified gid"
"""Celery fears root and accounts without a name; it reads JSON only here, and who runs us is the operator's choice."""
_GRANIAN_SAYS = ("[WARNING] Configuration allows spawning", "[WARNING] Killing worker")
"""Not for the screen: threads that wait for a commit cost memory only, and a stop is not to be waited for here."""
_CONNECTIONS = 2048
"""Of one web worker; by itself granian divides its backlog by the workers."""
_DELIVERIES = ("-Q", "deliveries", "-P", "solo")
_QUIET_WORKER = ("--without-gossip", "--without-mingle", "--without-heartbeat")


def wanted_ports(settings: Environment, cluster: Cluster | None) -> list[Wanted]:
    """Every address that the programs bind."""
    wanted = [
        Wanted("WEB_PORT", "web server", settings.web_host, settings.web_port),
        Wanted("SMTP_PORT", "SMTP submission server", settings.smtp_host, settings.smtp_port),
        Wanted("SMTPS_PORT", "SMTP submission server (TLS)", settings.smtp_host, settings.smtps_port),
        *(
            Wanted("SMTP_EXTRA_PORTS", "SMTP submission server", settings.smtp_host, port)
            for port in settings.smtp_extra_ports
        ),
        Wanted("MX_PORT", "mail exchanger", settings.mx_host, settings.mx_port),
    ]
    if settings.dns_enabled:
        wanted += [
            Wanted("DNS_PORT", "name server", settings.dns_host, settings.dns_port),
            Wanted("DNS_PORT", "name server", settings.dns_host, settings.dns_port, datagrams=True),
        ]
    if has_stand_in(settings):
        wanted.append(Wanted("FAKE_STRIPE_PORT", "stand-in for Stripe", "127.0.0.1", settings.payments.fake_port))
    if cluster:
        wanted.append(Wanted("POSTGRES_PORT", "embedded PostgreSQL", "127.0.0.1", cluster.port))
    return wanted


def has_stand_in(settings: Environment) -> bool:
    """Whether payments go to the stand-in for Stripe that is started here."""
    return settings.payments.secret_key == STAND_IN_KEY and settings.payments.fake_port != 0


def stand_in(settings: Environment) -> Program:
    ready = readiness.answers_http("127.0.0.1", settings.payments.fake_port, "/v1/prices", "127.0.0.1")
    command = (sys.executable, "-m", "mailtrap_site.fake_stripe")
    return Program("fake_stripe", command, BASE_DIR, _environment(), ready)


def postgres(cluster: Cluster) -> Program:
    return Program(
        name="postgres",
        command=tuple(cluster.command()),
        folder=cluster.folder,
        ready=cluster.is_ready,
        start=cluster.spawn,
        hidden=("LOG:",),
        last=True,
    )


def once(name: str, *arguments: str) -> Program:
    """A management command to be run to its end."""
    return Program(name=name, command=(*_MANAGE, *arguments), folder=BASE_DIR, environment=_environment())


def web(settings: Environment) -> Program:
    host_header = urlsplit(settings.site_url).hostname or "localhost"
    command = (
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--no-ws", "--http", "1"),
        *("--host", settings.web_host, "--port", str(settings.web_port)),
        *("--workers", str(settings.web_workers), "--backlog", "4096", "--backpressure", str(_CONNECTIONS)),
        *("--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "20"),
        *("--log-level", "warning", "mailtrap_site.asgi:application"),
    )
    ready = readiness.answers_http(settings.web_host, settings.web_port, "/healthz", host_header)
    return Program("web", command, BASE_DIR, _environment(), ready, hidden=_GRANIAN_SAYS)


def others(settings: Environment) -> list[Program]:
    """All but PostgreSQL and the web server, in the order in which they are started."""
    ready_files = settings.var_dir / "run"
    shutil.rmtree(ready_files, ignore_errors=True)
    ready_files.mkdir(mode=0o700)
    served = [
        _command("smtpd", readiness.greets(settings.smtp_host, settings.smtp_port)),
        _command("mx", readiness.greets(settings.mx_host, settings.mx_port)),
    ]
    if has_stand_in(settings):
        served.append(stand_in(settings))
    if settings.dns_enabled:
        question = readiness.answers_dns(settings.dns_host, settings.dns_port, settings.platform_domain)
        served.insert(0, _command("dns", question))
    # Workers without a pool: when two children of a prefork pool are killed at once, those that follow wait for ever on
    # a lock that the dead ones held.
    workers = range(1, settings.delivery_workers + 1)
    return [
        *served,
        *(
            _celery(ready_files, f"deliveries-{one}", "worker", *_DELIVERIES, "-n", f"d{one}@h", *_QUIET_WORKER)
            for one in workers
        ),
        _celery(
            *(ready_files, "upkeep", "worker", "-Q", "webhooks,upkeep", "-c", "4", "-P", "threads", "-n", "u@h"),
            *_QUIET_WORKER,
        ),
        _celery(ready_files, "beat", "beat", "-s", str(ready_files / "schedule"), "--pidfile="),
    ]


def _command(name: str, ready: Callable[[int], bool]) -> Program:
    # Django's checks load every page of the site; the web server has done so by now.
    return Program(name, (*_MANAGE, name, "--skip-checks"), BASE_DIR, _environment(), ready)


def _celery(ready_files: Path, name: str, *arguments: str) -> Program:
    file = ready_files / name
    environment = _environment(READY_FILE=str(file), PYTHONWARNINGS=_WARNINGS, CELERY_SKIP_CHECKS="true")
    command = (sys.executable, "-m", "celery", "-A", "mailtrap_site.celery", "--quiet", *arguments)
    return Program(name, command, BASE_DIR, environment, ready_file=file)


def _environment(**extra: str) -> Mapping[str, str]:
    # With an arena for each of many threads, glibc keeps several times the memory that is in use.
    ours = {"MAIL_SUPERVISED": str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    return {"MALLOC_ARENA_MAX": "2"} | os.environ | ours | extra
