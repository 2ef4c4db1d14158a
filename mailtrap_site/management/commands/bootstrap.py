"""Staff users, and the platform's own account."""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.forms import ValidationError

from accounts import audit
from accounts.models import User
from mailtrap_site.support.platform import ensure_platform
from mailtrap_site.support.roles import Role, make_staff


class Command(BaseCommand):
    help = "Makes a staff user for the support desk, and the account that sends the service's own mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the address with which the staff user signs in")
        parser.add_argument("--name", default="", help="the name that others see")
        parser.add_argument(
            "--role",
            default=Role.SUPERUSER.value,
            choices=[role.value for role in Role],
            help="what they may do at the support desk; everything, unless this says less",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].lower()
        try:
            validate_email(email)
        except ValidationError as problem:
            raise CommandError(f"{email} is not an email address. Give one with --email.") from problem
        password = self._staff_user(email, options["name"], Role(options["role"]))
        domain = ensure_platform()
        if password:
            self.stdout.write(f"{email} may enter the support desk, /admin/. Password, shown once: {password}")
        else:
            self.stdout.write(f"{email} may enter the support desk, /admin/, with the password it has.")
        if domain.dns_verified_at is None:
            self.stdout.write(
                f"The records of {domain.name} do not stand in DNS yet, so our own mail goes by FALLBACK_EMAIL_URL "
                "until they do. `manage.py platform_zone` prints the records to publish."
            )

    @transaction.atomic
    def _staff_user(self, email: str, name: str, role: Role) -> str:
        """The password of a new user; empty when the user existed and only got the rights."""
        user = User.objects.filter(email=email).first()
        password = ""
        if user is None:
            password = secrets.token_urlsafe(15)
            user = User.objects.create_user(email, password, name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        make_staff(user, role)
        changes = {"role": {"from": None, "to": role.value}}
        audit.record("staff.granted", account=None, target=user, changes=changes, by_staff=True)
        return password
