"""Who calls the general API: an API token, by either of the two headers that clients use."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthorizationError, Throttled
from ninja.security import HttpBearer

from accounts import login_throttle
from accounts.authentication import TokenIdentity, authenticate_token, could_be_token
from accounts.login_throttle import LoginDoor
from accounts.models import Account
from accounts.rate_limits import TOKEN, Allowance, Limit, take
from accounts.scopes import READ, level_on, level_on_sub_accounts
from mailtrap_site.web.json_api import FORBIDDEN, FOREIGN_ACCOUNT


class ApiRequest(HttpRequest):
    """The request that a handler of the general API gets. Only for annotations."""

    auth: TokenIdentity
    allowance: Allowance


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>` or `Api-Token: <token>`; `request.auth` becomes the TokenIdentity.

    Each request counts against the token's limit. A token that only sends gets the contract's 403. One for a whole
    organisation stands in the sub-account that the path names.
    """

    def __call__(self, request: HttpRequest) -> TokenIdentity | None:
        return self.authenticate(request, secret_of(request))

    def authenticate(self, request: HttpRequest, token: str) -> TokenIdentity | None:
        identity = authenticate_token(token, request.META.get("REMOTE_ADDR", ""))
        if identity is None and fails_too_often(request, token):
            raise Throttled(wait=login_throttle.WINDOW_SECONDS)
        if identity is not None:
            require_rate(request, TOKEN, identity.token_id)
            if identity.sends_only:
                raise AuthorizationError(message=FORBIDDEN)
            return _in_account_of_path(identity, request)
        return None


def _in_account_of_path(identity: TokenIdentity, request: HttpRequest) -> TokenIdentity:
    """Everything else is refused later, as for any account that is not the token's."""
    named = request.resolver_match.kwargs.get("account_id") if request.resolver_match else None
    level = level_on_sub_accounts(identity.scopes, identity.account_id)
    if not level or named in (None, identity.account_id):
        return identity
    if not Account.objects.filter(pk=named, organization=identity.account_id).exists():
        return identity
    scope = {"resource_type": "account", "resource_id": named, "access_level": level}
    return replace(identity, account_id=named, scopes=(scope,))


def secret_of(request: HttpRequest) -> str:
    """The token's text as either header gives it; empty when neither does."""
    scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return request.META.get("HTTP_API_TOKEN", "").strip()


def fails_too_often(request: HttpRequest, secret: str) -> bool:
    """Counts a secret that is nobody's against the client's address; whether there were too many of them.

    Asked after the look-up: whoever has a valid token is never held up. What cannot be a token costs nothing.
    """
    return could_be_token(secret) and login_throttle.fails_too_often(
        LoginDoor.HTTP, request.META.get("REMOTE_ADDR", "")
    )


def require_rate(request: Any, limit: Limit, holder: int) -> None:
    """Counts the request against the limit of this token or account. Raises the contract's 429 where it is reached.

    `request.allowance` becomes that of the limit with the fewest requests left.
    """
    allowance = take(limit, holder)
    request.allowance = min(allowance, getattr(request, "allowance", allowance), key=lambda one: one.remaining)
    if allowance.is_refused:
        raise Throttled(wait=allowance.reset)


def account_of(request: Any, account_id: int) -> Account:
    """The account that the token belongs to. Raises the contract's 403 for any other id, whether it exists or not."""
    identity: TokenIdentity = request.auth
    account = Account.objects.filter(pk=account_id).first() if account_id == identity.account_id else None
    if account is None:
        raise AuthorizationError(message=FOREIGN_ACCOUNT)
    return account


def access_level(identity: TokenIdentity, resource_type: str, resource_id: int) -> int:
    """The highest level that the token's scopes give on this resource, or on its whole account; 0 for none."""
    return level_on(identity.scopes, identity.account_id, resource_type, resource_id)


def readable_domains(request: Any) -> tuple[int, ...] | None:
    """The domains that the token may read; None when it may read the whole account."""
    identity: TokenIdentity = request.auth
    if access_level(identity, "account", identity.account_id) >= READ:
        return None
    named = [scope for scope in identity.scopes if scope.get("resource_type") == "domain"]
    return tuple(int(scope["resource_id"]) for scope in named if int(scope.get("access_level", 0)) >= READ)


def require_level(request: Any, level: int, resource_type: str = "account", resource_id: int | None = None) -> None:
    """Goes on when the token has this level on the resource (its account by default). Raises the contract's 403."""
    identity: TokenIdentity = request.auth
    if access_level(identity, resource_type, resource_id or identity.account_id) < level:
        raise AuthorizationError(message=FORBIDDEN)
