from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils import timezone


class SendingConfig(AppConfig):
    """Makes the partitions of the coming weeks whenever the schema has been brought up to date."""

    name = "sending"

    def ready(self) -> None:
        post_migrate.connect(_make_partitions, sender=self)


def _make_partitions(**_: Any) -> None:
    from sending.models.partitions import make_partitions

    make_partitions(timezone.now())
