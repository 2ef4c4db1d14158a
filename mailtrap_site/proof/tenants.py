"""Makes the tenants of a proof in the instance's database and prints secret and domain, one a line:
`python -m mailtrap_site.proof.tenants 4`. Each has the Free plan's emails, on any day."""

import os
import sys
from datetime import timedelta

import django
from django.utils import timezone


def main(count: int) -> None:
    """Their domains count as verified and are not looked at again: no zone of the proof holds their records."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    django.setup()
    from accounts.models import Account
    from mailtrap_site.testing.roomy import make_roomy
    from mailtrap_site.testing.world import make_domain, make_token

    for number in range(count):
        account = make_roomy(Account.objects.create(name=f"Tenant {number}"))
        domain = make_domain(account, f"tenant{number}.test")
        domain.next_check_at = timezone.now() + timedelta(days=1)
        domain.save(update_fields=["next_check_at"])
        _token, secret = make_token(account)
        print(secret, domain.name)


if __name__ == "__main__":
    main(int(sys.argv[1]))
