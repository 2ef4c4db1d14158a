"""`manage.py rotate_keys`: seals every stored secret anew, with the first of SEALING_KEY."""

from typing import Any

from django.core.management.base import BaseCommand

from mailtrap_site.key_rotation import rotate


class Command(BaseCommand):
    help = "Seals every stored secret anew with the first of SEALING_KEY; afterwards the older keys may go."

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = rotate()
        for name, count in done.items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write(
            f"{sum(done.values())} secrets are sealed with the newest key. The older ones may be removed."
        )
