"""`manage.py platform_zone`: the platform's zone as a zone file, for a name server other than ours."""

from typing import Any

from django.core.management.base import BaseCommand

from domains.nameserver import rdata_of
from domains.zones import platform_zone


class Command(BaseCommand):
    help = "Prints every record of the platform's zone in the format of RFC 1035."

    def handle(self, *arguments: Any, **options: Any) -> None:
        zone = platform_zone()
        self.stdout.write(f"$ORIGIN {zone.domain}.")
        for name, record in zone.exported():
            self.stdout.write(f"{name}. {record.ttl} IN {record.type} {rdata_of(record).to_text()}")
