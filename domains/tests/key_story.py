"""A domain with keys in a customer's zone and in ours, and time that moves: for tests of what becomes of keys."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from domains.key_states import Ring
from domains.keys import ring_of
from domains.models import DkimKey, SendingDomain
from domains.nameserver import Record
from domains.zones import PlatformZone
from mailtrap_site.testing.fake_dns import StoredZones


class BothZones(StoredZones):
    """The customer's records as the test holds them, and the platform's zone as it really is."""

    def __init__(self, domain: SendingDomain) -> None:
        super().__init__({}, apexes=("",))
        self.platform = PlatformZone(settings.PLATFORM_DOMAIN, "192.0.2.10")
        self.publish(domain)

    def publish(self, domain: SendingDomain) -> None:
        """As a customer does who copies every record of the page."""
        for record in domain.dns_records.all():
            self.names[record.fqdn] = [Record(record.type, record.value)]

    def records(self, name: str) -> Sequence[Record] | Iterator[Record]:
        if self.platform.apex(name):
            return self.platform.records(name)
        return list(super().records(name))

    def has_below(self, name: str) -> bool:
        return self.platform.has_below(name) if self.platform.apex(name) else super().has_below(name)


def pass_time(domain: SendingDomain, time: timedelta) -> None:
    """Everything about the keys happened so much longer ago."""
    DkimKey.objects.filter(domain=domain).update(
        created_at=F("created_at") - time, signs_since=F("signs_since") - time, retired_at=F("retired_at") - time
    )


def keys_of(domain: SendingDomain) -> Ring:
    """The keys of the domain as it is stored now."""
    ring = ring_of(SendingDomain.objects.get(pk=domain.pk))
    assert ring is not None
    return ring


def other_of(domain: SendingDomain) -> DkimKey:
    """The RSA key that does not sign."""
    other = keys_of(domain).other
    assert other is not None
    return other
