"""The general API's frame: the contract's error bodies, its two dialects of paths, and its version header."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Path, Router
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation, PathView
from ninja.signature import ViewSignature

PREFIX = "/api/"
ACCOUNT_PREFIX = "/accounts/{int:account_id}"
VERSION = "v2"

WRONG_TOKEN = "Incorrect API token"  # noqa: S105 a sentence
FOREIGN_ACCOUNT = "Account access forbidden"
FORBIDDEN = "Access forbidden"
NOT_FOUND = "Not Found"
TOO_MANY = "Rate limit exceeded"

_PYDANTIC_WORDS = {"missing": "can't be blank", "string_too_short": "can't be blank", "string_too_long": "is too long"}


class Invalid(Exception):
    """What a client sent does not stand: HTTP 422 with `{"errors": {field: [sentences]}}`; `base` is the whole."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(dict(errors))
        self.errors = {field: list(sentences) for field, sentences in errors.items()}


class GeneralApi(NinjaAPI):
    """An API whose errors have the contract's bodies; operations are named by method and path.

    `beside` has `paths` and `schemas` that others serve and this API's document describes.
    """

    def __init__(self, *, beside: Mapping[str, Mapping[str, Any]] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._beside = beside or {}
        for kind, handler in _HANDLERS.items():
            self.add_exception_handler(kind, handler)

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(**options)
        document["paths"] |= self._beside.get("paths", {})
        document["components"]["schemas"] |= self._beside.get("schemas", {})
        return document

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return _operation_id(operation.methods[0], operation.path)


def both_dialects(api: NinjaAPI, router: Router) -> None:
    """Mounts a router twice: below `/accounts/{account_id}` as older clients ask, and with the token's own account.

    A handler may take `account_id: int` after the request; it always is the token's account, because another one
    in the path is refused here (HTTP 403). `request.auth` must have `account_id`.
    """
    api.add_router("", _twin(router, ACCOUNT_PREFIX, _with_account))
    api.add_router("", _twin(router, "", _without_account))


class GeneralApiMiddleware:
    """Below /api/: JSON where Django itself would answer in HTML or text, and headers on every answer.

    They are the version and those of `request.allowance`, where the request was counted against a limit.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        if response.status_code >= 400 and not response.headers.get("Content-Type", "").startswith("application/json"):
            response = _as_json(response)
        allowance = getattr(request, "allowance", None)
        for name, value in (("X-Mailtrap-Version", VERSION), *(allowance.headers if allowance else ())):
            response.headers[name] = value
        return response


def instant(moment: datetime) -> str:
    """A moment as the contract writes it: UTC, with milliseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _short(sentence: str, status: int) -> JsonResponse:
    """The contract's short error body."""
    return JsonResponse({"errors" if status in (403, 429) else "error": sentence}, status=status)


def _authentication(request: HttpRequest, problem: Any) -> HttpResponse:
    return _short(WRONG_TOKEN, 401)


def _authorization(request: HttpRequest, problem: Any) -> HttpResponse:
    sentence = getattr(problem, "message", "Forbidden")
    return _short(sentence if sentence != "Forbidden" else FORBIDDEN, 403)


def _not_found(request: HttpRequest, problem: Any) -> HttpResponse:
    return _short(NOT_FOUND, 404)


def _throttled(request: HttpRequest, problem: Any) -> HttpResponse:
    response = _short(TOO_MANY, 429)
    if problem.wait:
        response.headers["Retry-After"] = str(int(problem.wait))
    return response


def _http_error(request: HttpRequest, problem: Any) -> HttpResponse:
    return _short(problem.message, problem.status_code)


def _invalid(request: HttpRequest, problem: Any) -> HttpResponse:
    return JsonResponse({"errors": problem.errors}, status=422)


def _validation(request: HttpRequest, problem: Any) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    for one in problem.errors:
        names = [part for part in one["loc"][1:] if isinstance(part, str)]
        errors.setdefault(names[-1] if len(names) > 1 or one["loc"][0] != "body" else "base", []).append(
            _PYDANTIC_WORDS.get(one["type"], "is invalid")
        )
    return JsonResponse({"errors": errors}, status=422)


def _unexpected(request: HttpRequest, problem: Any) -> HttpResponse:
    raise problem  # Django logs and answers it, and the middleware says the answer again as JSON.


_HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    AuthenticationError: _authentication,
    AuthorizationError: _authorization,
    PermissionDenied: _authorization,
    Http404: _not_found,
    Throttled: _throttled,
    HttpError: _http_error,
    Invalid: _invalid,
    ValidationError: _validation,
    Exception: _unexpected,
}


def _as_json(response: HttpResponseBase) -> HttpResponseBase:
    """What Django answered, said again as JSON; the methods that are allowed stay in their header."""
    words = {
        403: FORBIDDEN,
        404: NOT_FOUND,
        405: "Method not allowed",
        413: "Request is too large",
        500: "Internal server error",
    }
    again = _short(words.get(response.status_code, response.reason_phrase), response.status_code)
    if "Allow" in response.headers:
        again.headers["Allow"] = response.headers["Allow"]
    return again


# The dialects: each operation is copied with a path and a signature of its own.

_ACCOUNT_PARAMETER = Parameter("account_id", Parameter.POSITIONAL_OR_KEYWORD, annotation=Path[int])


def _twin(router: Router, prefix: str, resigned: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Router:
    twin = Router(auth=router.auth, throttle=router.throttle, tags=router.tags)
    for path, view in router.path_operations.items():
        copied = PathView()
        copied.operations = list(_copies(view, prefix + path, resigned))
        twin.path_operations[prefix + path] = copied
    return twin


def _copies(
    view: PathView, path: str, resigned: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Iterator[Operation]:
    for operation in view.operations:
        copy = operation.clone()
        copy.path = path
        copy.view_func = resigned(operation.view_func)
        copy.signature = ViewSignature(path, copy.view_func)
        copy.models = copy.signature.models
        copy.operation_id = _operation_id(copy.methods[0], path)
        yield copy


def _with_account(handler: Callable[..., Any]) -> Callable[..., Any]:
    wants_account = "account_id" in signature(handler).parameters

    @wraps(handler)
    def of_the_path(request: Any, account_id: int, **arguments: Any) -> Any:
        if account_id != request.auth.account_id:
            raise AuthorizationError(message=FOREIGN_ACCOUNT)
        return handler(request, **arguments, **({"account_id": account_id} if wants_account else {}))

    return _signed(of_the_path, handler, [_ACCOUNT_PARAMETER])


def _without_account(handler: Callable[..., Any]) -> Callable[..., Any]:
    wants_account = "account_id" in signature(handler).parameters

    @wraps(handler)
    def of_the_token(request: Any, **arguments: Any) -> Any:
        return handler(request, **arguments, **({"account_id": request.auth.account_id} if wants_account else {}))

    return _signed(of_the_token, handler, [])


def _signed(wrapper: Callable[..., Any], handler: Callable[..., Any], added: list[Parameter]) -> Callable[..., Any]:
    """The wrapper, seen by ninja with the handler's own parameters, less its account, and the added ones."""
    request, *others = signature(handler, eval_str=True).parameters.values()
    kept = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in others if one.name != "account_id"]
    wrapper.__signature__ = signature(handler).replace(parameters=[request, *added, *kept])  # type: ignore[attr-defined]
    return wrapper


def _operation_id(method: str, path: str) -> str:
    return "_".join([method.lower(), *re.findall(r"\w+", re.sub(r"\{(?:\w+:)?(\w+)\}", r"\1", path))])
