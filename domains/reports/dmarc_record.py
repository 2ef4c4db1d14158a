"""Reads and changes a DMARC record as text (RFC 7489 sections 6.3 and 6.4), keeping what the owner put there. Pure."""

from collections.abc import Iterable


def dmarc_record(values: Iterable[str]) -> str:
    """The DMARC record among the TXT values at `_dmarc`; empty when there is none, or not exactly one."""
    found = [value.strip() for value in values if tags(value).get("v") == "DMARC1" and _begins_with_version(value)]
    return found[0] if len(found) == 1 else ""


def tags(record: str) -> dict[str, str]:
    """The tags in their order, names in lower case; of a tag that stands twice, the first."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found


def with_policy(record: str, policy: str) -> str:
    """The record with `p=` changed, applied to all mail and to subdomains as well unless they have a policy of their
    own; of no record, a new one."""
    found = {"v": "DMARC1", "p": ""} | tags(record)
    found["p"] = policy
    for name in ("pct", "t"):
        found.pop(name, None)
    return _written(found)


def with_reports_to(record: str, address: str) -> str:
    """The record with `address` among those that get aggregate reports; its other addresses stay."""
    found = tags(record)
    there = [uri.strip() for uri in found.get("rua", "").split(",") if uri.strip()]
    if address.lower() not in reports_to(record):
        found["rua"] = ",".join([*there, f"mailto:{address}"])
    return _written(found)


def reports_to(record: str) -> tuple[str, ...]:
    """The addresses that get aggregate reports, in lower case and without their size limit ("!10m")."""
    uris = (uri.strip().lower() for uri in tags(record).get("rua", "").split(","))
    return tuple(uri.removeprefix("mailto:").partition("!")[0] for uri in uris if uri.startswith("mailto:"))


def _begins_with_version(value: str) -> bool:
    return next(iter(tags(value)), "") == "v"


def _written(found: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in found.items())
