from django.apps import AppConfig


class MailtrapSiteConfig(AppConfig):
    """Commands of the whole site; makes the Celery application current in every process."""

    name = "mailtrap_site"

    def ready(self) -> None:
        # Django copies psycopg's adapters at its first connection: what registers there is imported before.
        from mailtrap_site import bulk_values, celery  # noqa: F401
