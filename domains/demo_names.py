"""What the platform's zone answers for demo domains, whose records nobody else can publish.

Those of deleted ones stay: receivers verify mail, and return it, days after it left.
"""

from collections.abc import Iterator

from django.db.models import QuerySet

from domains.demo import place
from domains.models import DnsRecord, SendingDomain
from domains.nameserver import Record


def records_at(name: str, platform_domain: str, ttl: int) -> list[Record]:
    """The records at a name, lower case and without the last dot."""
    own, domain = _split(name, platform_domain)
    if not domain:
        return []
    if not own:
        return [_exchange(platform_domain, ttl)] if _demos().filter(name=domain).exists() else []
    found = DnsRecord.objects.filter(domain__in=_demos().filter(name=domain), name=own)
    return [Record(record.type, record.value, ttl) for record in found]


def has_below(name: str, platform_domain: str) -> bool:
    """Whether a demo domain, or a record of one, stands below a name."""
    if name == place(platform_domain):
        return _demos().exists()
    own, domain = _split(name, platform_domain)
    if not own:
        return bool(domain) and _demos().filter(name=domain).exists()
    below = DnsRecord.objects.filter(domain__in=_demos().filter(name=domain), name__endswith=f".{own}")
    return below.exists()


def exported(platform_domain: str, ttl: int) -> Iterator[tuple[str, Record]]:
    """All of them with their names."""
    for domain in _demos().order_by("id").iterator():
        yield domain.name, _exchange(platform_domain, ttl)
    for record in DnsRecord.objects.filter(domain__in=_demos()).select_related("domain").order_by("id").iterator():
        yield record.fqdn, Record(record.type, record.value, ttl)


def _split(name: str, platform_domain: str) -> tuple[str, str]:
    """The part before a demo domain's name, and that; both empty for names elsewhere."""
    ending = f".{place(platform_domain)}"
    if not name.endswith(ending):
        return "", ""
    own, _dot, label = name.removesuffix(ending).rpartition(".")
    return own, f"{label}{ending}"


def _demos() -> QuerySet[SendingDomain]:
    return SendingDomain.objects.filter(is_demo=True)


def _exchange(platform_domain: str, ttl: int) -> Record:
    """Receivers ask whether the domain of an author takes mail at all."""
    return Record("MX", f"10 mx.{platform_domain}", ttl)
