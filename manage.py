#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys


def main() -> None:
    if sys.argv[1:] == ["up"]:
        # Writes the settings that Django would ask for.
        from mailtrap_site.embedded.up import main as up

        sys.exit(up())
    if sys.argv[1:2] == ["prove"]:
        # Starts an instance of its own, whose settings are not those of this process.
        from mailtrap_site.management.commands.prove import main as prove

        sys.exit(prove(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
