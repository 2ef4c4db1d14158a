"""Makes tenants in the benchmark's database and prints token and domain, one a line: `python -m bench.tenants 40`."""

import os
import sys
from datetime import timedelta

import django


def main(count: int) -> None:
    """Each tenant has the Free plan's 4,000 emails, on any day, so a run takes as many as its mails need."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    django.setup()
    from django.utils import timezone

    from accounts.models import Account
    from domains.models import SendingDomain
    from mailtrap_site.testing.roomy import make_roomy
    from mailtrap_site.testing.world import make_domain, make_token

    for number in range(count):
        account = make_roomy(Account.objects.create(name=f"Tenant {number}"))
        domain = make_domain(account, f"tenant{number}.test")
        _token, secret = make_token(account)
        print(secret, domain.name)
    # Nobody publishes their records, so a check would find that they are gone.
    SendingDomain.objects.update(next_check_at=timezone.now() + timedelta(days=1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
