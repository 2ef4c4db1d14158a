from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Its receivers follow the signals of allauth.
        from accounts import sign_in_news  # noqa: F401
