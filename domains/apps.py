from typing import Any

from allauth.account.signals import email_confirmed
from django.apps import AppConfig

from accounts.signals import account_opened
from mailtrap_site import wake


class DomainsConfig(AppConfig):
    name = "domains"

    def ready(self) -> None:
        account_opened.connect(_want_demo, dispatch_uid="demo domain of an account")
        email_confirmed.connect(_want_demo, dispatch_uid="demo domain of a confirmed owner")


def _want_demo(**_: Any) -> None:
    """An account gets its demo domain once its owner's address is confirmed; whichever comes last."""
    wake.nudge("domains.make_demo", queue="upkeep")
