from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "domains"

    def ready(self) -> None:
        """A rule book that cannot be read stops the process with a sentence."""
        # Late, since it reads the settings and the rules' modules.
        from domains.compliance.rulebook import rule_book

        rule_book()
