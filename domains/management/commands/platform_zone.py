"""`manage.py platform_zone`: the platform's zone as a zone file, for a name server other than ours."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from domains.nameserver import Record
from domains.zones import PlatformZone


class Command(BaseCommand):
    help = "Prints every record of the platform's zone in the format of RFC 1035."

    def handle(self, *arguments: Any, **options: Any) -> None:
        zone = PlatformZone(settings.PLATFORM_DOMAIN, settings.ENVIRONMENT.platform_ipv4)
        self.stdout.write(f"$ORIGIN {zone.domain}.")
        for name, record in zone.exported():
            self.stdout.write(f"{name}. {record.ttl} IN {record.type} {_data(record)}")


def _data(record: Record) -> str:
    """Names end with a dot; a TXT is quoted, in strings of at most 255 octets."""
    match record.type:
        case "TXT":
            chunks = [record.value[start : start + 255] for start in range(0, len(record.value), 255)]
            return " ".join(f'"{chunk}"' for chunk in chunks)
        case "CNAME" | "NS":
            return f"{record.value.rstrip('.')}."
        case "MX":
            preference, host = record.value.split()
            return f"{preference} {host.rstrip('.')}."
        case "SOA":
            server, mailbox, *numbers = record.value.split()
            return " ".join((f"{server}.", f"{mailbox}.", *numbers))
        case _:
            return record.value
