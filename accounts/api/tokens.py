"""The general API's view of API tokens. A secret is in the answer that made it, and in no other."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Body, Router, Schema
from ninja.errors import AuthorizationError
from pydantic import Field

from accounts import tokens
from accounts.api.resources import Resource, ResourceIn, read_resources
from accounts.api_auth import ApiRequest, account_of, require_level
from accounts.models import ApiToken
from accounts.scopes import ADMIN, level_on_sub_accounts
from accounts.token_life import LONGEST, USUAL_DAYS
from mailtrap_site.web.json_api import FORBIDDEN, Invalid

router = Router(tags=["API tokens"])

INVALID = "is invalid"


class ApiTokenOut(Schema):
    id: int
    name: str
    last_4_digits: str
    created_by: str
    expires_at: datetime | None
    resources: list[Resource]


class ApiTokenWithToken(ApiTokenOut):
    token: str


class NewToken(Schema):
    """`expires_at`: a moment; null for never; a year where it is left out."""

    name: str = Field("", max_length=100)
    resources: list[ResourceIn] = []
    expires_at: str | None = None


class ResetIn(Schema):
    """As for a new token."""

    expires_at: str | None = None


@router.get("/api_tokens", response=list[ApiTokenOut])
def list_api_tokens(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The account's tokens, oldest first."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    return [_shown(token) for token in account.tokens.select_related("created_by").order_by("id")]


@router.post("/api_tokens", response=ApiTokenWithToken)
def create_api_token(request: ApiRequest, account_id: int, body: NewToken) -> dict[str, Any]:
    """A token for the named resources. It is shown in this answer only."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    if not body.name.strip() or not body.name.isprintable():
        raise Invalid({"name": [INVALID if body.name.strip() else "can't be blank"]})
    scopes = read_resources(account, body.resources)
    limits = tokens.Limits(expires_at=_end(body))
    made, secret = tokens.create(
        account, None, body.name.strip(), scopes, limits, request=request, actor_name=_actor(request)
    )
    return {**_shown(made), "token": secret}


@router.get("/api_tokens/{int:token_id}", response=ApiTokenOut)
def get_api_token(request: ApiRequest, account_id: int, token_id: int) -> dict[str, Any]:
    """One token."""
    return _shown(_find(request, account_id, token_id))


@router.delete("/api_tokens/{int:token_id}", response={204: None})
def delete_api_token(request: ApiRequest, account_id: int, token_id: int) -> HttpResponse:
    """Ends it at once."""
    tokens.delete(_find(request, account_id, token_id), None, request=request, actor_name=_actor(request))
    return HttpResponse(status=204)


@router.post("/api_tokens/{int:token_id}/reset", response=ApiTokenWithToken)
def reset_api_token(
    request: ApiRequest, account_id: int, token_id: int, body: Annotated[ResetIn | None, Body()] = None
) -> dict[str, Any]:
    """A successor with the same name and resources under a new id; the old one works for 12 more hours."""
    found = _find(request, account_id, token_id)
    if tokens.reaches_sub_accounts(found) and not level_on_sub_accounts(request.auth.scopes, found.account_id):
        raise AuthorizationError(message=FORBIDDEN)
    try:
        made, secret = tokens.reset(found, None, expires_at=_end(body), request=request, actor_name=_actor(request))
    except tokens.TokenIsEnding as problem:
        raise Invalid({"base": ["The token has expired, or was reset already."]}) from problem
    return {**_shown(made), "token": secret}


def _find(request: ApiRequest, account_id: int, token_id: int) -> ApiToken:
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    found = account.tokens.select_related("created_by").filter(pk=token_id).first() if token_id < 2**63 else None
    if found is None:
        raise Http404
    return found


def _end(body: NewToken | ResetIn | None) -> datetime | None:
    """Raises Invalid for the past, and for more than five years ahead."""
    now = timezone.now()
    if body is None or "expires_at" not in body.model_fields_set:
        return now + timedelta(days=USUAL_DAYS)
    if body.expires_at is None:
        return None
    try:
        moment = datetime.fromisoformat(body.expires_at)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise Invalid({"expires_at": [INVALID]}) from problem
    if not now < moment <= now + LONGEST:
        raise Invalid({"expires_at": ["must lie ahead, by five years at most"]})
    return moment


def _actor(request: ApiRequest) -> str:
    return f"token “{request.auth.name}”"


def _shown(token: ApiToken) -> dict[str, Any]:
    author: Literal[""] | str = token.created_by.get_full_name() if token.created_by else ""
    return {
        "id": token.pk,
        "name": token.name,
        "last_4_digits": token.last_digits,
        "created_by": author or "System",
        "expires_at": token.expires_at,
        "resources": token.scopes,
    }
