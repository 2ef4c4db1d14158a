"""The frame of the general API, with a small API of its own."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import Client
from django.urls import path
from ninja import Router, Schema
from ninja.errors import AuthorizationError, Throttled
from ninja.security import APIKeyHeader

from mailtrap_site.web.json_api import GeneralApi, Invalid, both_dialects

pytestmark = pytest.mark.urls(__name__)


@dataclass
class Caller:
    account_id: int


class Key(APIKeyHeader):
    param_name = "Api-Token"

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return Caller(int(key)) if key else None


class Thing(Schema):
    name: str
    size: int = 1


class Wrapped(Schema):
    thing: Thing


router = Router()


@router.get("/things/{int:thing_id}")
def one_thing(request: Any, account_id: int, thing_id: int, verbose: bool = False) -> dict[str, Any]:
    return {"account": account_id, "thing": thing_id, "verbose": verbose}


@router.post("/things")
@router.post("/old_things")
def make_thing(request: Any, wrapped: Wrapped) -> dict[str, Any]:
    return {"account": request.auth.account_id, "name": wrapped.thing.name}


PROBLEMS = {
    "throttled": Throttled(7),
    "forbidden": AuthorizationError(),
    "missing": Http404("a secret detail"),
    "invalid": Invalid({"email": ["is not ours"], "base": ("Too much",)}),
    "denied": PermissionDenied(),
}


@router.get("/problems/{name}")
def problem(request: Any, name: str) -> None:
    raise PROBLEMS[name]


api = GeneralApi(auth=Key(), urls_namespace="small")
both_dialects(api, router)
urlpatterns = [path("api/", api.urls)]


def call(path: str, method: str = "get", body: Any = None, account: int = 7) -> tuple[int, Any]:
    data = body if isinstance(body, str) else json.dumps(body)
    answer = getattr(Client(), method)(
        path,
        **({"data": data, "content_type": "application/json"} if body is not None else {}),
        headers={"Api-Token": str(account)},
    )
    assert answer.headers["X-Mailtrap-Version"] == "v2"
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    return answer.status_code, json.loads(answer.content)


def test_a_handler_answers_on_both_paths_with_the_same_account():
    expected = (200, {"account": 7, "thing": 3, "verbose": True})
    assert call("/api/accounts/7/things/3?verbose=1") == expected
    assert call("/api/things/3?verbose=1") == expected


def test_a_handler_without_an_account_argument_is_guarded_too():
    body = {"thing": {"name": "lamp"}}
    for path_ in ("/api/accounts/7/things", "/api/accounts/7/old_things", "/api/things", "/api/old_things"):
        assert call(path_, "post", body) == (200, {"account": 7, "name": "lamp"})
    assert call("/api/accounts/8/things", "post", body) == (403, {"errors": "Account access forbidden"})


def test_an_id_that_is_no_number_is_not_found():
    assert call("/api/accounts/x/things/3") == (404, {"error": "Not Found"})
    assert call("/api/things/x") == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("throttled", 429, {"errors": "Rate limit exceeded"}),
        ("forbidden", 403, {"errors": "Access forbidden"}),
        ("missing", 404, {"error": "Not Found"}),
        ("invalid", 422, {"errors": {"email": ["is not ours"], "base": ["Too much"]}}),
        ("denied", 403, {"errors": "Access forbidden"}),
    ],
)
def test_each_problem_has_its_body(name: str, status: int, body: Any):
    assert call(f"/api/problems/{name}") == (status, body)


def test_a_throttled_answer_says_when_to_come_back():
    answer = Client().get("/api/problems/throttled", headers={"Api-Token": "7"})
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"thing": ["can't be blank"]}),
        ({"thing": {}}, {"name": ["can't be blank"]}),
        ({"thing": {"name": 5, "size": "big"}}, {"name": ["is invalid"], "size": ["is invalid"]}),
    ],
)
def test_what_does_not_fit_the_schema_names_its_fields(body: Any, errors: Any):
    assert call("/api/things", "post", body) == (422, {"errors": errors})


def test_malformed_json_is_a_bad_request():
    status, body = call("/api/things", "post", "{")
    assert (status, list(body)) == (400, ["error"])


def test_without_a_token_everything_is_401():
    answer = Client().get("/api/things/3")
    assert (answer.status_code, json.loads(answer.content)) == (401, {"error": "Incorrect API token"})


def test_a_wrong_method_names_the_right_ones():
    assert call("/api/things", "delete") == (405, {"error": "Method not allowed"})


def test_a_failure_of_ours_is_500_in_json():
    client = Client(raise_request_exception=False)
    answer = client.get("/api/problems/unheard-of", headers={"Api-Token": "7"})
    assert (answer.status_code, json.loads(answer.content)) == (500, {"error": "Internal server error"})


def test_the_openapi_document_names_every_operation_once():
    document = json.loads(Client().get("/api/openapi.json").content)
    operations = [operation for path_ in document["paths"].values() for operation in path_.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) == 8
    legacy = document["paths"]["/api/accounts/{account_id}/things/{thing_id}"]["get"]
    places = {parameter["name"]: parameter["in"] for parameter in legacy["parameters"]}
    assert places == {"account_id": "path", "thing_id": "path", "verbose": "query"}
