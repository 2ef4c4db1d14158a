"""Gives account pages the meter at the foot of their side."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from billing.metering import usage as usage_of


def usage(request: HttpRequest) -> dict[str, Any]:
    """`usage` on pages of a metered account, asked from the database when a template first looks at it."""
    account = getattr(request, "account", None)
    if account is None or account.is_platform:
        return {}
    return {"usage": SimpleLazyObject(lambda: usage_of(account))}
