"""What pages of an account tell about their reader's sign-in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import support_visits, two_factor


def support_visit(request: HttpRequest) -> dict[str, Any]:
    """`support_visit`: the visit that staff are on, on every page; looked up where a template asks for it."""
    found: Any = SimpleLazyObject(lambda: support_visits.of_request(request) or "")
    return {"support_visit": found}


def second_factor(request: HttpRequest) -> dict[str, Any]:
    """`second_factor_is_asked` on pages of an account, found out when a template first looks at it."""
    account = getattr(request, "account", None)
    if account is None or account.two_factor_from is None:
        return {}
    asked: Any = SimpleLazyObject(lambda: two_factor.is_asked(account, request.user, request.session) or "")  # type: ignore[arg-type]
    return {"second_factor_is_asked": asked}
