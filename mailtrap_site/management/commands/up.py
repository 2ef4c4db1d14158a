"""`manage.py up`: starts the whole service on this machine. `manage.py` itself takes this word before Django looks for
settings, which `up` is to write; the command stands here for `manage.py help`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from mailtrap_site.embedded import up


class Command(BaseCommand):
    help = "Starts the whole service on this machine: PostgreSQL, web, SMTP, mx, dns, workers. Ctrl-C stops it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(up.main())
