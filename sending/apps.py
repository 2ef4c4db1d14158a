from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate
from django.utils import timezone


class SendingConfig(AppConfig):
    """Makes the partitions of the coming weeks whenever the schema has been brought up to date."""

    name = "sending"

    def ready(self) -> None:
        post_migrate.connect(_make_partitions, sender=self)
        _check_own_rules()


def _check_own_rules() -> None:
    """A mistake in the operator's bounce rules is found at the start and not at the first refusal."""
    from sending.replies.classify import read_rules

    if settings.BOUNCE_RULES_FILE:
        try:
            read_rules(settings.BOUNCE_RULES_FILE)
        except ValueError as problem:
            raise ImproperlyConfigured(str(problem)) from problem


def _make_partitions(**_: Any) -> None:
    from sending.models.partitions import make_partitions

    make_partitions(timezone.now())
