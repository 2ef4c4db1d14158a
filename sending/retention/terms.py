"""How many days of log accounts have: what their plan says, or staff granted."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from accounts.models import Account
from billing.terms import answered_terms, ask_terms
from sending.models.statements import raw_cursor


def days_by_account(now: datetime, account_ids: Collection[int] | None = None) -> dict[int, int]:
    """Of these accounts, or of all, in one statement; an account that is gone is left out, their organisations may
    stand beside them."""
    asked = Account.objects.values_list("pk", flat=True) if account_ids is None else account_ids
    # Pages ask this first; as Django's own cursors do, it renews a connection that broke since the request before.
    connection.close_if_health_check_failed()
    cursor = raw_cursor()
    ask_terms(cursor, list(asked), now)
    return {account_id: terms.log_days for account_id, terms in answered_terms(cursor).items()}
