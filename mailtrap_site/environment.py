"""Every setting that an operator can change, read once and typed; a bad value ends the process with a sentence.

Sources, strongest first: the process environment, `.env`, and `var/instance.env`, which the one-command default writes.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
ROUTES = ("development", "relay", "mx")


@dataclass(frozen=True, slots=True)
class Relay:
    """The smarthost of `ROUTE=relay`."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    """`starttls`, `implicit` or `none`."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings, with their defaults; names in the environment are these in capitals."""

    var_dir: Path
    debug: bool
    embedded: bool
    secret_key: str
    sealing_keys: tuple[str, ...]
    database_url: str
    celery_broker_url: str
    cache_url: str
    site_name: str
    site_url: str
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    web_host: str
    web_port: int
    web_workers: int
    web_threads: int
    smtp_host: str
    smtp_port: int
    smtp_extra_ports: tuple[int, ...]
    smtps_port: int
    smtpd_workers: int
    mx_host: str
    mx_port: int
    dns_host: str
    dns_port: int
    dns_enabled: bool
    dns_resolvers: tuple[str, ...]
    tls_certificate: Path
    tls_key: Path
    platform_domain: str
    platform_ipv4: str
    route: str
    relay: Relay
    outbound_ipv6: bool
    fallback_email_url: str
    log_level: str


def read() -> Environment:
    """The settings as the environment gives them. Ends the process with a sentence when one is wrong."""
    env = environ.Env()
    folder = var_dir()
    _take(folder / "instance.env")
    try:
        return _from(env, folder)
    except (environ.ImproperlyConfigured, ValueError) as problem:
        _refuse(str(problem))


def var_dir() -> Path:
    """The folder of all data. It is asked for before all else, since `instance.env` lies in it."""
    _take(BASE_DIR / ".env")
    return BASE_DIR / os.environ.get("VAR_DIR", "var")


def _take(file: Path) -> None:
    """Adds the settings of `file` to the environment of the process, which is stronger."""
    if file.exists():
        environ.Env.read_env(str(file))


def _from(env: environ.Env, var_dir: Path) -> Environment:
    embedded = env.bool("EMBEDDED", False)
    route = env.str("ROUTE", "development")
    playground = embedded and route == "development"
    if route not in ROUTES:
        _refuse(f"ROUTE is {route!r}; it must be one of {', '.join(ROUTES)}.")
    web_host = env.str("WEB_HOST", "127.0.0.1")
    web_port = env.int("WEB_PORT", 8020)
    dns_port = env.int("DNS_PORT", 5354)
    tls_dir = var_dir / "tls"
    return Environment(
        var_dir=var_dir,
        # Pages of a fault show code and settings, so never by default to a network.
        debug=env.bool("DEBUG", playground and web_host.startswith("127.")),
        embedded=embedded,
        secret_key=_required(env, "SECRET_KEY", "a long random string"),
        sealing_keys=tuple(_required(env, "SEALING_KEY", "one or more Fernet keys, newest first").split(",")),
        database_url=_required(env, "DATABASE_URL", "postgres://user:password@host:5432/name"),
        celery_broker_url=env.str("CELERY_BROKER_URL", "memory://"),
        cache_url=env.str("CACHE_URL", "dbcache://cache_entry"),
        site_name=env.str("SITE_NAME", "Mailtrap"),
        site_url=env.str("SITE_URL", f"http://localhost:{web_port}").rstrip("/"),
        allowed_hosts=tuple(env.list("ALLOWED_HOSTS", default=[])),
        trusted_proxies=tuple(env.list("TRUSTED_PROXIES", default=[])),
        web_host=web_host,
        web_port=web_port,
        web_workers=env.int("WEB_WORKERS", os.cpu_count() or 1),
        web_threads=env.int("WEB_THREADS", 32),
        smtp_host=env.str("SMTP_HOST", "127.0.0.1"),
        smtp_port=env.int("SMTP_PORT", 2587),
        smtp_extra_ports=tuple(int(port) for port in env.list("SMTP_EXTRA_PORTS", default=[])),
        smtps_port=env.int("SMTPS_PORT", 2465),
        smtpd_workers=env.int("SMTPD_WORKERS", 1),
        mx_host=env.str("MX_HOST", "127.0.0.1"),
        mx_port=env.int("MX_PORT", 2526),
        dns_host=env.str("DNS_HOST", "127.0.0.1"),
        dns_port=dns_port,
        dns_enabled=env.bool("DNS_ENABLED", playground),
        dns_resolvers=tuple(env.list("DNS_RESOLVERS", default=[f"127.0.0.1:{dns_port}"] if playground else [])),
        tls_certificate=Path(env.str("TLS_CERTIFICATE", str(tls_dir / "server.pem"))),
        tls_key=Path(env.str("TLS_KEY", str(tls_dir / "server.key"))),
        platform_domain=env.str("PLATFORM_DOMAIN", "platform.test").lower().rstrip("."),
        platform_ipv4=env.str("PLATFORM_IPV4", "127.0.0.1"),
        route=route,
        relay=_relay(env, route),
        outbound_ipv6=env.bool("OUTBOUND_IPV6", False),
        fallback_email_url=env.str("FALLBACK_EMAIL_URL", ""),
        log_level=env.str("LOG_LEVEL", "INFO").upper(),
    )


def _relay(env: environ.Env, route: str) -> Relay:
    relay = Relay(
        host=env.str("RELAY_HOST", ""),
        port=env.int("RELAY_PORT", 587),
        user=env.str("RELAY_USER", ""),
        password=env.str("RELAY_PASSWORD", ""),
        tls=env.str("RELAY_TLS", "starttls"),
    )
    if route == "relay" and not relay.host:
        _refuse("ROUTE is relay, but RELAY_HOST is empty. Set it to the smarthost's name.")
    if relay.tls not in ("starttls", "implicit", "none"):
        _refuse(f"RELAY_TLS is {relay.tls!r}; it must be starttls, implicit or none.")
    return relay


def _required(env: environ.Env, name: str, example: str) -> str:
    value = env.str(name, "")
    if not value:
        _refuse(f"{name} is not set. Set it to {example}, or start everything with `make run`.")
    return value


def _refuse(sentence: str) -> NoReturn:
    sys.exit(f"Settings: {sentence}")
