"""The settings of sending domains, read and checked; a part of `environment.py`."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class DomainSettings:
    """How domains are looked after."""

    public_resolvers: tuple[str, ...]
    """Asked beside the authoritative servers, as "ip", "ip:port" or "[ip6]:port": what the world sees of a record."""
    drift_grace: timedelta
    """How long a verified domain whose records are gone goes on sending, with warnings, before it is stopped."""
    rotate_keys_every: timedelta | None
    """Of delegated DKIM keys; None: by hand only."""
    demo_emails: int
    """The allowance of an account's demo domain; zero: none is made."""
    compliance_rules: Path
    """What the automatic review looks at, as TOML."""
    blocklists: tuple[str, ...]
    """DNS blocklists of domain names that the review asks ("dbl.example")."""
    address_blocklists: tuple[str, ...]
    """DNS blocklists of addresses that the operator page asks about our own."""
    name_servers: tuple[tuple[str, str], ...]
    """Of the platform's zone, as (name, address); the address is empty for a name elsewhere or with our own."""
    platform_ipv6: str
    """Beside PLATFORM_IPV4; empty for none."""
    platform_spf: tuple[str, ...]
    """Further mechanisms of the return path's SPF record, such as a smarthost's `include:`."""


def read(env: environ.Env, dns_port: int, playground: bool) -> DomainSettings:
    """Raises ValueError with a sentence. On a `playground` nothing outside the machine is asked."""
    rotate_days = env.int("DKIM_ROTATE_DAYS", 180)
    found = DomainSettings(
        public_resolvers=tuple(
            env.list(
                "DNS_DOCTOR_RESOLVERS", default=[f"127.0.0.1:{dns_port}"] if playground else ["1.1.1.1", "8.8.8.8"]
            )
        ),
        drift_grace=timedelta(hours=env.int("DOMAIN_DRIFT_HOURS", 72)),
        rotate_keys_every=timedelta(days=rotate_days) if rotate_days else None,
        demo_emails=env.int("DEMO_DOMAIN_EMAILS", 100),
        compliance_rules=Path(env.str("COMPLIANCE_RULES_FILE", str(BASE_DIR / "domains/compliance/rules.toml"))),
        blocklists=tuple(env.list("DOMAIN_BLOCKLISTS", default=[])),
        address_blocklists=tuple(env.list("ADDRESS_BLOCKLISTS", default=[])),
        name_servers=_name_servers(env.list("PLATFORM_NAMESERVERS", default=[])),
        platform_ipv6=_ipv6(env.str("PLATFORM_IPV6", "")),
        platform_spf=tuple(env.str("PLATFORM_SPF", "").split()),
    )
    if rotate_days < 0 or 0 < rotate_days < 7:
        raise ValueError("DKIM_ROTATE_DAYS is the number of days between two keys: 7 or more, or 0 for never.")
    if found.drift_grace < timedelta(hours=1):
        raise ValueError("DOMAIN_DRIFT_HOURS must be 1 or more: a domain is warned before it is stopped.")
    if found.demo_emails < 0:
        raise ValueError("DEMO_DOMAIN_EMAILS is a number of emails, or 0 for no demo domains.")
    if not found.compliance_rules.is_file():
        raise ValueError(f"COMPLIANCE_RULES_FILE names {found.compliance_rules}, which is no file.")
    return found


def _name_servers(texts: list[str]) -> tuple[tuple[str, str], ...]:
    servers = [text.strip().partition("=") for text in texts]
    for _name, _, address in servers:
        if address:
            _checked(address, "PLATFORM_NAMESERVERS")
    return tuple((name.lower().rstrip("."), address) for name, _, address in servers)


def _ipv6(text: str) -> str:
    if text and _checked(text, "PLATFORM_IPV6") != 6:
        raise ValueError(f"PLATFORM_IPV6 is {text!r}; write an IPv6 address, or leave it out.")
    return text


def _checked(address: str, setting: str) -> int:
    try:
        return ipaddress.ip_address(address).version
    except ValueError as problem:
        raise ValueError(f"{setting} holds {address!r}, which is no IP address.") from problem
