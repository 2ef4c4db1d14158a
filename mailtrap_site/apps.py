from django.apps import AppConfig


class MailtrapSiteConfig(AppConfig):
    """Commands of the whole site; makes the Celery application current in every process."""

    name = "mailtrap_site"

    def ready(self) -> None:
        from mailtrap_site import celery  # noqa: F401
