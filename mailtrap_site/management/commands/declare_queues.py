"""Declares Celery's queues at the broker, once, before the workers start."""

from typing import Any

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from kombu.exceptions import OperationalError

from mailtrap_site.broker import declare_queues
from mailtrap_site.celery import app

SECONDS = 30
"""Patience with a broker that starts at the same time as we do."""


class Command(BaseCommand):
    help = "Declares the queues at the broker (RabbitMQ). Run it before the workers of the first machine start."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names = declare_queues(app, seconds=SECONDS)
        except (OperationalError, OSError) as problem:
            raise CommandError(
                f"The broker of CELERY_BROKER_URL does not answer: {problem}. Start it, or mend CELERY_BROKER_URL."
            ) from problem
        except PreconditionFailed as problem:
            raise CommandError(
                f"A queue stands at the broker with other properties: {problem}. Delete it there and run this again;"
                " no mail is lost, since the rows in the database are the queue."
            ) from problem
        if options["verbosity"]:
            self.stdout.write(
                f"Declared: {', '.join(names)} ({settings.ENVIRONMENT.celery_broker_url.partition(':')[0]})."
            )
