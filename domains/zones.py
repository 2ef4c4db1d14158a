"""The zones that our name server answers: the platform's own, computed from stored keys, and the embedded demo zone.

Names are lower case without the final dot. Nothing is copied: answers come from the database, at most a second late.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from domains import demo_names
from domains.dkim.keys import dns_txt
from domains.models import DkimKey, DnsRecord, SendingDomain, ZoneRecord
from domains.names import registrable_domain
from domains.nameserver import Record, ZoneSource
from domains.platform_hosts import PlatformHosts, fixed_records
from domains.records import PLATFORM_TTL

RESERVED = ("test", "example")
"""Top-level names that exist nowhere else (RFC 2606): the demo zone is their authority."""
KEPT_SECONDS = 1.0
KEPT_ANSWERS = 20_000
DEMO_TTL = 60
NEGATIVE_TTL = 30

Value = TypeVar("Value")


class Zones:
    """Several zones as one source, the first that is the authority for a name wins; answers are kept for a second.

    `before_reading` runs before the database is asked: a long-lived thread renews its connection there.
    """

    def __init__(
        self,
        *zones: ZoneSource,
        kept_seconds: float = KEPT_SECONDS,
        before_reading: Callable[[], None] = lambda: None,
    ) -> None:
        self._zones = zones
        self._before_reading = before_reading
        self._kept_seconds = kept_seconds
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    def apex(self, name: str) -> str | None:
        return self._zone_and_apex(name)[1]

    def records(self, name: str) -> list[Record]:
        return self._keep("records", name, lambda: self._records(name))

    def has_below(self, name: str) -> bool:
        return self._keep("has_below", name, lambda: self._has_below(name))

    def _records(self, name: str) -> list[Record]:
        zone = self._zone_and_apex(name)[0]
        return list(zone.records(name)) if zone else []

    def _has_below(self, name: str) -> bool:
        zone = self._zone_and_apex(name)[0]
        return zone.has_below(name) if zone else False

    def _zone_and_apex(self, name: str) -> tuple[ZoneSource | None, str | None]:
        return self._keep("apex", name, lambda: self._find(name))

    def _find(self, name: str) -> tuple[ZoneSource | None, str | None]:
        for zone in self._zones:
            if (apex := zone.apex(name)) is not None:
                return zone, apex
        return None, None

    def _keep(self, question: str, name: str, find: Callable[[], Value]) -> Value:
        now = time.monotonic()
        kept = self._kept.get((question, name))
        if kept is not None and kept[0] > now:
            return kept[1]
        self._before_reading()
        value = find()
        if len(self._kept) >= KEPT_ANSWERS:
            self._kept.clear()
        self._kept[(question, name)] = (now + self._kept_seconds, value)
        return value


class PlatformZone:
    """DKIM keys, return path, tracking and report targets under the platform's domain.

    Keys of deleted domains stay, since receivers verify mail days after it left.
    """

    def __init__(self, platform_domain: str, ipv4: str, more: PlatformHosts | None = None) -> None:
        self.domain = platform_domain
        self._more = more or PlatformHosts()
        self._fixed = fixed_records(platform_domain, ipv4, self._more)

    def apex(self, name: str) -> str | None:
        return self.domain if name == self.domain or name.endswith("." + self.domain) else None

    def records(self, name: str) -> list[Record]:
        if name == self.domain:
            return [self._soa(_newest_change()), *self._fixed[name]]
        relative = name.removesuffix("." + self.domain)
        own = self._own_domain_records().filter(name=relative)
        published = [Record(record.type, record.value, PLATFORM_TTL) for record in own]
        demo = demo_names.records_at(name, self.domain, PLATFORM_TTL)
        return [*self._fixed.get(name, []), *_keys_at(relative), *published, *demo]

    def has_below(self, name: str) -> bool:
        if any(fixed.endswith("." + name) for fixed in self._fixed) or demo_names.has_below(name, self.domain):
            return True
        match name.removesuffix("." + self.domain).split("."):
            case ["dkim"]:
                return True
            case [key_id, "dkim"]:
                return DkimKey.objects.filter(key_id=key_id, retired_at=None).exists()
            case labels:
                return self._own_domain_records().filter(name__endswith="." + ".".join(labels)).exists()

    def exported(self) -> Iterator[tuple[str, Record]]:
        """Every record of the zone with its name, for a server other than ours; each export has a higher serial."""
        yield self.domain, self._soa(int(time.time()))
        for name, records in self._fixed.items():
            for record in records:
                yield name, record
        for own in self._own_domain_records():
            yield f"{own.name}.{self.domain}", Record(own.type, own.value, PLATFORM_TTL)
        yield from demo_names.exported(self.domain, PLATFORM_TTL)
        for key in _published().order_by("id").iterator():
            yield f"{key.selector}.{key.key_id}.dkim.{self.domain}", _key_record(key)

    def _soa(self, serial: int) -> Record:
        return soa(self.domain, PLATFORM_TTL, serial, self._more.name_servers_of(self.domain)[0][0])

    def _own_domain_records(self) -> QuerySet[DnsRecord]:
        """What the platform's own account has to publish for our notices."""
        return DnsRecord.objects.filter(domain__name=self.domain, domain__deleted_at=None)


class DemoZone:
    """The embedded default's world: stored records, and authority over names that someone here added or published."""

    def apex(self, name: str) -> str | None:
        top = name.rpartition(".")[2]
        if top in RESERVED:
            return top
        registrable = registrable_domain(name)
        known = _at_or_under(ZoneRecord.objects.all(), registrable) or _at_or_under(
            SendingDomain.objects.filter(deleted_at=None), registrable
        )
        return registrable if known else None

    def records(self, name: str) -> list[Record]:
        stored = [Record(record.type, record.value, record.ttl) for record in ZoneRecord.objects.filter(name=name)]
        types = {record.type for record in stored}
        if self.apex(name) == name:
            # The server of a demo zone is this very one, so that it can be asked as a real one is.
            own = (soa(name, DEMO_TTL), Record("NS", f"ns1.{name}", DEMO_TTL))
            stored += [record for record in own if record.type not in types]
        elif not stored and name.startswith("ns1.") and self.apex(name) == name.removeprefix("ns1."):
            stored.append(Record("A", "127.0.0.1", DEMO_TTL))
        return stored

    def has_below(self, name: str) -> bool:
        # A name that somebody added is one that he registered.
        added = SendingDomain.objects.filter(deleted_at=None)
        return ZoneRecord.objects.filter(name__endswith="." + name).exists() or _at_or_under(added, name)


def platform_zone() -> PlatformZone:
    """The zone as the settings describe it."""
    environment = settings.ENVIRONMENT
    sources = (*environment.source_addresses_transactional, *environment.source_addresses_bulk)
    more = PlatformHosts(
        ipv6=environment.domains.platform_ipv6,
        name_servers=environment.domains.name_servers,
        senders=tuple((source.name, source.address) for source in sources),
        spf=environment.domains.platform_spf,
    )
    return PlatformZone(settings.PLATFORM_DOMAIN, environment.platform_ipv4, more)


def soa(apex: str, ttl: int, serial: int = 1, primary: str = "") -> Record:
    """An SOA record; a serial may stand still where nobody transfers the zone."""
    return Record("SOA", f"{primary or f'ns1.{apex}'} hostmaster.{apex} {serial} 3600 600 604800 {NEGATIVE_TTL}", ttl)


def _newest_change() -> int:
    """The serial: seconds since 1970 of the newest key, since nothing but keys comes and goes by itself."""
    newest = DkimKey.objects.order_by("-pk").values_list("created_at", flat=True).first()
    return int(newest.timestamp()) if newest else 1


def _keys_at(relative: str) -> list[Record]:
    match relative.split("."):
        case [selector, key_id, "dkim"]:
            return [_key_record(key) for key in _published().filter(selector=selector, key_id=key_id)]
    return []


def _published() -> QuerySet[DkimKey]:
    return DkimKey.objects.filter(retired_at=None).only("selector", "key_id", "algorithm", "public_key")


def _key_record(key: DkimKey) -> Record:
    return Record("TXT", dns_txt(key.public_key, key.algorithm), PLATFORM_TTL)


def _at_or_under(rows: QuerySet[Any], name: str) -> bool:
    return bool(name) and (rows.filter(name=name).exists() or rows.filter(name__endswith="." + name).exists())
