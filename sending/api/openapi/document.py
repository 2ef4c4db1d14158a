"""The sending API in the words of OpenAPI 3.1: what `mailtrap_site.api` puts beside the general API's document."""

from typing import Any

import msgspec

from sending.api.openapi import shapes
from sending.api.send import whole_message
from sending.api.send.routes import PATHS, Kind, route_of
from sending.models import Stream
from sending.policy.fault import Fault, FaultCode
from sending.policy.refusal import Reason, Refusal

_WORDS: dict[Kind, tuple[str, type[msgspec.Struct], type[msgspec.Struct]]] = {
    Kind.SEND: ("Send an email", shapes.Mail, shapes.Sent),
    Kind.BATCH: (
        f"Send up to {shapes.MOST_REQUESTS} emails in one request of {shapes.BATCH_MEGABYTES} MB",
        shapes.Batch,
        shapes.BatchSent,
    ),
}
"""By kind of request: the summary, and what goes in and out."""
_STREAMS = {
    None: "The host name chooses the stream: transactional, unless it is one for bulk mail.",
    Stream.BULK: "The path chooses the bulk stream.",
}
_STATUSES = sorted({Fault(code).status for code in FaultCode} | {Refusal(reason).status for reason in Reason})
_TO = {
    "name": "to",
    "in": "query",
    "required": False,
    "description": "A recipient of a whole message, once for each; without it, those of To, Cc and Bcc.",
    "schema": {"type": "array", "items": {"type": "string"}},
}
_WHOLE = {whole_message.CONTENT_TYPE: {"schema": {"type": "string", "description": "A whole message (RFC 5322)."}}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeats of the request within 24 hours are answered as the first was, and send nothing.",
    "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": shapes.MOST_KEY_CHARACTERS},
}


def send_document() -> dict[str, Any]:
    """`{"paths": …, "schemas": …}`"""
    types = [one for _, *both in _WORDS.values() for one in both]
    _, schemas = msgspec.json.schema_components([*types, shapes.Failure], ref_template=shapes.REF)
    for name, groups in shapes.AT_LEAST_ONE.items():
        schemas[name]["allOf"] = [{"anyOf": [_given(field) for field in group]} for group in groups]
    return {"paths": {path: {"post": _operation(path)} for path in PATHS}, "schemas": schemas}


def _operation(path: str) -> dict[str, Any]:
    route = route_of(path)
    assert route is not None
    summary, taken, answered = _WORDS[route.kind]
    is_send = route.kind is Kind.SEND
    return {
        "operationId": "post" + path.replace("/", "_"),
        "summary": summary,
        "description": _STREAMS[route.stream],
        "tags": ["Sending"],
        "security": [{"TokenAuth": []}],
        "parameters": [_KEY, _TO] if is_send else [_KEY],
        "requestBody": {"required": True, "content": _json(taken) | (_WHOLE if is_send else {})},
        "responses": {
            "200": {"description": "Accepted", "content": _json(answered)},
            **{str(status): {"description": "Nothing was accepted", "content": _failure()} for status in _STATUSES},
        },
    }


def _given(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: {"type": ["string", "array"], "minLength": 1, "minItems": 1}}}


def _json(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": shapes.REF.format(name=shape.__name__)}}}


def _failure() -> dict[str, Any]:
    return _json(shapes.Failure)
