"""The records of a domain as files for its DNS provider: zone file (RFC 1035), change batch for Route 53. Pure."""

import json
from collections.abc import Iterable

from domains.advice import RecordStatus
from domains.nameserver import Record, rdata_of
from domains.records import ExpectedRecord, RecordKey

TTL = 300
"""Short, so that a mistake is soon forgotten."""


def to_publish(records: Iterable[tuple[ExpectedRecord, str]]) -> list[ExpectedRecord]:
    """Of (record, status) pairs those to enter: a policy that passes may be the customer's own, and stays as it is."""
    return [
        record for record, status in records if not (record.key is RecordKey.DMARC and status == RecordStatus.PASSED)
    ]


def zone_file(domain: str, records: Iterable[ExpectedRecord]) -> str:
    """Names are absolute, so that it can be read into the zone of the domain and into the one above alike.

    Long texts are split into strings of 255 octets, and quoted.
    """
    lines = [f"; Records of {domain}, to be added to its zone", f"$ORIGIN {domain}.", f"$TTL {TTL}"]
    lines += [f"{record.fqdn}. {TTL} IN {record.type} {_value(record)}" for record in records]
    return "\n".join(lines) + "\n"


def route53_batch(domain: str, records: Iterable[ExpectedRecord]) -> str:
    """The JSON of `aws route53 change-resource-record-sets --change-batch file://…`."""
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": f"{record.fqdn}.",
                "Type": str(record.type),
                "TTL": TTL,
                "ResourceRecords": [{"Value": _value(record)}],
            },
        }
        for record in records
    ]
    return json.dumps({"Comment": f"Sending records of {domain}", "Changes": changes}, indent=2) + "\n"


def _value(record: ExpectedRecord) -> str:
    return rdata_of(Record(record.type, record.value, TTL)).to_text()
