"""Every setting that an operator can change, read once and typed; a bad value ends the process with a sentence.

Sources, strongest first: the process environment, `.env`, and `var/instance.env`, which the one-command default writes.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import environ

from mailtrap_site import delivery_settings, domain_settings, payment_settings
from mailtrap_site.delivery_settings import DeliverySettings
from mailtrap_site.domain_settings import DomainSettings
from mailtrap_site.payment_settings import Payments

BASE_DIR = Path(__file__).resolve().parent.parent
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Environment(DeliverySettings):
    """The settings, those of delivery among them; names in the environment are these in capitals."""

    var_dir: Path
    debug: bool
    embedded: bool
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    """Older ones: what they signed still holds."""
    sealing_keys: tuple[str, ...]
    database_url: str
    celery_broker_url: str
    cache_url: str
    site_name: str
    site_url: str
    tracking_url: str
    """Scheme and host of the links that recipients follow, where a domain has no host of its own."""
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    web_host: str
    web_port: int
    web_workers: int
    web_threads: int
    web_memory_mb: int
    """For mails that one web worker takes in at a time."""
    rate_limit_factor: int
    """How many times the contract's requests a token or account may make."""
    smtp_host: str
    smtp_port: int
    smtp_extra_ports: tuple[int, ...]
    smtps_port: int
    smtpd_workers: int
    delivery_workers: int
    smtp_most_connections: int
    """Of one process."""
    smtp_connections_per_account: int
    smtp_connections_per_address: int
    smtp_messages_per_connection: int
    smtp_memory_mb: int
    """Of message content that one process takes in at a time; the mx alike."""
    disk_watch: tuple[Path, ...]
    """Paths on the file systems that must not run full; where the database lies, if it is on this machine."""
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
    fallback_email_url: str
    support_email: str
    """Where people ask for help: in the foot of every page and letter."""
    demo_mail: bool
    """Whether a new demo account gets a week of mail to look at."""
    plans_file: Path
    """What is on offer, as TOML."""
    templates_dir: Path | None
    """The operator's own templates, such as `legal/terms.html`; before ours."""
    terms_version: str
    """Of the terms that people accept at sign-up."""
    bounce_rules_file: Path | None
    """The operator's own bounce rules, as TOML; read before ours."""
    payments: Payments
    domains: DomainSettings
    log_level: str
    metrics_token: str
    """Bearer of `/metrics`; empty: staff alone."""


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
    route = delivery_settings.route_of(env)
    playground = embedded and route == "development"
    web_host = env.str("WEB_HOST", "127.0.0.1")
    web_port = env.int("WEB_PORT", 8020)
    dns_port = env.int("DNS_PORT", 5354)
    tls_dir = var_dir / "tls"
    cores = os.cpu_count() or 1
    # Pages of a fault show code and settings, so never by default to a network.
    debug = env.bool("DEBUG", playground and web_host.startswith("127."))
    delivery = delivery_settings.read(env, route, debug=debug)
    return Environment(
        **{name: getattr(delivery, name) for name in DeliverySettings.__slots__},
        var_dir=var_dir,
        debug=debug,
        embedded=embedded,
        secret_key=_required(env, "SECRET_KEY", "a long random string"),
        secret_key_fallbacks=tuple(env.list("SECRET_KEY_FALLBACKS", default=[])),
        sealing_keys=tuple(_required(env, "SEALING_KEY", "one or more Fernet keys, newest first").split(",")),
        database_url=_required(env, "DATABASE_URL", "postgres://user:password@host:5432/name"),
        celery_broker_url=env.str("CELERY_BROKER_URL", "memory://"),
        cache_url=env.str("CACHE_URL", "dbcache://cache_entry"),
        site_name=env.str("SITE_NAME", "Mailtrap"),
        site_url=env.str("SITE_URL", f"http://localhost:{web_port}").rstrip("/"),
        tracking_url=_tracking_url(env, web_port),
        allowed_hosts=tuple(env.list("ALLOWED_HOSTS", default=[])),
        trusted_proxies=tuple(env.list("TRUSTED_PROXIES", default=[])),
        web_host=web_host,
        web_port=web_port,
        web_workers=_at_least(1, env, "WEB_WORKERS", os.cpu_count() or 1),
        web_threads=_at_least(1, env, "WEB_THREADS", 16),
        web_memory_mb=_at_least(64, env, "WEB_MEMORY_MB", 256),
        rate_limit_factor=_at_least(1, env, "RATE_LIMIT_FACTOR", 1),
        smtp_host=env.str("SMTP_HOST", "127.0.0.1"),
        smtp_port=env.int("SMTP_PORT", 2587),
        smtp_extra_ports=tuple(int(port) for port in env.list("SMTP_EXTRA_PORTS", default=[])),
        smtps_port=env.int("SMTPS_PORT", 2465),
        smtpd_workers=_at_least(1, env, "SMTPD_WORKERS", cores),
        delivery_workers=_at_least(1, env, "DELIVERY_WORKERS", cores),
        smtp_most_connections=_at_least(1, env, "SMTP_MOST_CONNECTIONS", 1000),
        smtp_connections_per_account=_at_least(1, env, "SMTP_CONNECTIONS_PER_ACCOUNT", 10),
        # On the development route all mail comes from this machine.
        smtp_connections_per_address=env.int("SMTP_CONNECTIONS_PER_ADDRESS", 100 if route == "development" else 10),
        smtp_messages_per_connection=_at_least(1, env, "SMTP_MESSAGES_PER_CONNECTION", 100),
        smtp_memory_mb=_at_least(64, env, "SMTP_MEMORY_MB", 256),
        disk_watch=tuple(Path(path) for path in env.list("DISK_WATCH", default=[str(var_dir)])),
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
        demo_mail=env.bool("DEMO_MAIL", True),
        support_email=env.str("SUPPORT_EMAIL", ""),
        fallback_email_url=env.str("FALLBACK_EMAIL_URL", ""),
        plans_file=Path(env.str("PLANS_FILE", str(BASE_DIR / "billing" / "plans.toml"))),
        templates_dir=Path(own_templates) if (own_templates := env.str("TEMPLATES_DIR", "")) else None,
        terms_version=env.str("TERMS_VERSION", "2026-11"),
        bounce_rules_file=Path(own_rules) if (own_rules := env.str("BOUNCE_RULES_FILE", "")) else None,
        domains=domain_settings.read(env, dns_port, playground),
        payments=payment_settings.read(env, env.str("SITE_URL", "")),
        log_level=_log_level(env),
        metrics_token=env.str("METRICS_TOKEN", ""),
    )


def _tracking_url(env: environ.Env, web_port: int) -> str:
    """That of the pages, unless another host is to serve what recipients follow."""
    url: str = env.str("TRACKING_URL", "") or env.str("SITE_URL", f"http://localhost:{web_port}")
    if not url.startswith(("http://", "https://")) or not url.isascii():
        _refuse(f"TRACKING_URL is {url!r}; it must be an address such as https://t.example.com.")
    return url.rstrip("/")


def _log_level(env: environ.Env) -> str:
    level: str = env.str("LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        _refuse(f"LOG_LEVEL is {level!r}; it must be one of {', '.join(LOG_LEVELS)}.")
    return level


def _at_least(least: int, env: environ.Env, name: str, default: int) -> int:
    number: int = env.int(name, default)
    if number < least:
        _refuse(f"{name} is {number}; it must be at least {least}.")
    return number


def _required(env: environ.Env, name: str, example: str) -> str:
    value = env.str(name, "")
    if not value:
        _refuse(f"{name} is not set. Set it to {example}, or start everything with `make run`.")
    return value


def _refuse(sentence: str) -> NoReturn:
    sys.exit(f"Settings: {sentence}")
