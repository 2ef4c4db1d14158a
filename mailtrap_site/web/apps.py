from django.apps import AppConfig


class WebConfig(AppConfig):
    """Template tags and the style guide."""

    name = "mailtrap_site.web"
    label = "web"
