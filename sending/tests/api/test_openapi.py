"""The document of the sending API names what the code reads and serves, no more and no less."""

import json

import msgspec
from django.test import Client

from sending.api.openapi import shapes
from sending.api.send.body.attachments import AttachmentShape
from sending.api.send.body.fields import AddressShape, MailFields
from sending.api.send.routes import PATHS
from sending.policy.fault import Fault, FaultCode, Problem
from sending.policy.refusal import Reason, Refusal


def names(shape: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(shape)}


def test_every_route_is_documented_beside_the_general_api():
    document = json.loads(Client().get("/api/openapi.json").content)
    assert set(PATHS) <= set(document["paths"])
    assert "/api/email_logs" in document["paths"]
    named = json.dumps(document["paths"]).split('"#/components/schemas/')[1:]
    assert {one.partition('"')[0] for one in named} <= document["components"]["schemas"].keys()


def test_every_field_is_documented():
    assert names(shapes.Mail) == names(MailFields)
    assert names(shapes.Address) == names(AddressShape)
    assert names(shapes.Attachment) == names(AttachmentShape)


def test_every_status_is_documented():
    problems: list[Problem] = [Fault(code) for code in FaultCode]
    problems += [Refusal(reason) for reason in Reason]
    document = json.loads(Client().get("/api/openapi.json").content)
    for path in PATHS:
        documented = document["paths"][path]["post"]["responses"]
        assert {str(one.status) for one in problems} | {"200"} == set(documented)
