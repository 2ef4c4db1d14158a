"""The DNS records of a domain's keys, kept in step with its keys, its mode and its wish for Ed25519."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import timezone

from domains.dkim import dns_txt
from domains.key_states import Algorithm, ring
from domains.models import DkimKey, DnsRecord, SendingDomain
from domains.records import ExpectedRecord, PublishedKey, RecordKey, key_record

RSA_RECORDS = (RecordKey.DKIM1, RecordKey.DKIM2)
"""In the order of the selectors."""
_UNSEEN: dict[str, Any] = {
    "status": DnsRecord.Status.UNCHECKED,
    "observed": [],
    "seen": [],
    "advice": "",
    "checked_at": None,
}


def expected_key_records(domain: SendingDomain, mode: str = "") -> list[ExpectedRecord]:
    """What stands in the customer's zone for the keys as they are now, in the domain's mode or in another one.

    Where the customer publishes the keys, only the one that signs has to stand: another one is awaited, and the domain
    must not lose its verification for it.
    """
    return [
        key_record(domain.name, key, settings.PLATFORM_DOMAIN) for key in _published(domain, mode or domain.key_mode)
    ]


def rewrite_records(domain: SendingDomain) -> None:
    """Brings the stored records in line, on the caller's transaction; what changed counts as unchecked, and soon is."""
    stored = {record.key: record for record in domain.dns_records.filter(key__startswith="dkim")}
    expected = expected_key_records(domain)
    has_changed = False
    for record in expected:
        values = {"type": record.type, "name": record.name, "value": record.value}
        row = stored.pop(record.key, None)
        if row is None:
            DnsRecord.objects.create(domain=domain, key=record.key, required=record.required, **values)
        elif (row.type, row.name, row.value) != (record.type, record.name, record.value):
            DnsRecord.objects.filter(pk=row.pk).update(required=record.required, **values, **_UNSEEN)
        else:
            if row.required != record.required:
                DnsRecord.objects.filter(pk=row.pk).update(required=record.required)
            continue
        has_changed = True
    DnsRecord.objects.filter(pk__in=[row.pk for row in stored.values()]).delete()
    if has_changed:
        SendingDomain.objects.filter(pk=domain.pk).update(next_check_at=timezone.now())


def _published(domain: SendingDomain, mode: str) -> Iterator[PublishedKey]:
    rows = domain.dkim_keys.filter(retired_at=None).defer("private_key").order_by("selector")
    keys = list(rows)
    is_direct = mode == SendingDomain.KeyMode.DIRECT
    standing = ring(keys, ed25519_enabled=domain.ed25519_enabled)
    signer = standing.signer.pk if standing else None

    def published(record: RecordKey, key: DkimKey, required: bool) -> PublishedKey:
        text = dns_txt(key.public_key, key.algorithm) if is_direct else ""
        return PublishedKey(record, key.selector, key.key_id, text, required)

    rsa = [key for key in keys if key.algorithm == Algorithm.RSA]
    for record, key in zip(RSA_RECORDS, rsa, strict=False):
        yield published(record, key, not is_direct or key.pk == signer)
    if domain.ed25519_enabled:
        for key in keys:
            if key.algorithm == Algorithm.ED25519:
                yield published(RecordKey.DKIM_ED25519, key, False)
