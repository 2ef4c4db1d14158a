"""Who calls the general API: an API token, by either of the two headers that clients use."""

from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from accounts.authentication import TokenIdentity, authenticate_token
from accounts.models import Account
from mailtrap_site.web.json_api import FORBIDDEN, FOREIGN_ACCOUNT

READ, ADMIN = 10, 100
"""The contract's access levels of a token."""


class ApiRequest(HttpRequest):
    """The request that a handler of the general API gets. Only for annotations."""

    auth: TokenIdentity


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>` or `Api-Token: <token>`; `request.auth` becomes the TokenIdentity."""

    def __call__(self, request: HttpRequest) -> TokenIdentity | None:
        secret = secret_of(request)
        return self.authenticate(request, secret) if secret else None

    def authenticate(self, request: HttpRequest, token: str) -> TokenIdentity | None:
        return authenticate_token(token)


def secret_of(request: HttpRequest) -> str:
    """The token's text as either header gives it; empty when neither does."""
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return request.headers.get("Api-Token", "").strip()


def account_of(request: Any, account_id: int) -> Account:
    """The account that the token belongs to. Raises the contract's 403 for any other id, whether it exists or not."""
    identity: TokenIdentity = request.auth
    account = Account.objects.filter(pk=account_id).first() if account_id == identity.account_id else None
    if account is None:
        raise AuthorizationError(message=FOREIGN_ACCOUNT)
    return account


def access_level(identity: TokenIdentity, resource_type: str, resource_id: int) -> int:
    """The highest level that the token's scopes give on this resource, or on its whole account; 0 for none."""
    wanted = {("account", identity.account_id), (resource_type, resource_id)}
    levels = [
        int(scope.get("access_level", 0))
        for scope in identity.scopes
        if (scope.get("resource_type"), scope.get("resource_id")) in wanted
    ]
    return max(levels, default=0)


def require_level(request: Any, level: int, resource_type: str = "account", resource_id: int | None = None) -> None:
    """Goes on when the token has this level on the resource (its account by default). Raises the contract's 403."""
    identity: TokenIdentity = request.auth
    if access_level(identity, resource_type, resource_id or identity.account_id) < level:
        raise AuthorizationError(message=FORBIDDEN)
