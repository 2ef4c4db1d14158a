from typing import Any

from allauth.account.signals import email_confirmed
from django.apps import AppConfig

from accounts.signals import account_opened
from mailtrap_site import wake


class DomainsConfig(AppConfig):
    name = "domains"

    def ready(self) -> None:
        """A rule book that cannot be read stops the process with a sentence."""
        # Late, since it reads the settings and the rules' modules.
        from domains.compliance.rulebook import rule_book

        rule_book()
        account_opened.connect(_want_demo, dispatch_uid="demo domain of an account")
        email_confirmed.connect(_want_demo, dispatch_uid="demo domain of a confirmed owner")


def _want_demo(**_: Any) -> None:
    """An account gets its demo domain once its owner's address is confirmed; whichever comes last."""
    wake.nudge("domains.make_demo", queue="upkeep")
