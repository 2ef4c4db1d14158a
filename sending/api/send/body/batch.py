"""The body of `POST /api/batch`: `{"base": {…}, "requests": [{…}, …]}`, read as far as what each request says.

A request's field takes the place of the base's whole. One that is null counts as not given, as everywhere, so that
encoders which write out every field do not empty the base; an empty value does take its place.
"""

import msgspec

from sending.api.send.body.fields import NOTHING, UNREADABLE, Field, MailFields, decode, is_given, octets_of
from sending.policy.fault import MOST_REQUESTS, Fault, FaultCode, Problem
from sending.policy.refusal import Reason, Refusal

_NOT_IN_BASE = ("to", "cc", "bcc", "idempotency_key")
_EMPTY = (b"", b"null", b"[]")


class _Shape(msgspec.Struct):
    base: msgspec.Raw = NOTHING
    requests: msgspec.Raw = NOTHING


# A list of millions of elements is not to become as many objects: what comes after the last field is passed over.
_Requests = msgspec.defstruct(
    "_Requests", [(f"number_{number}", msgspec.Raw, NOTHING) for number in range(MOST_REQUESTS + 1)], array_like=True
)
_SHAPE = msgspec.json.Decoder(_Shape)
_BASE = Field[MailFields]("base", MailFields)
_REQUESTS = Field[msgspec.Struct]("requests", _Requests)
_REQUEST = msgspec.json.Decoder(MailFields)


def read_requests(body: bytes, most_octets: int, problems: list[Problem]) -> list[MailFields | Problem]:
    """Each request with the base's fields, or what is wrong with it; `problems` gets what is wrong with the whole.

    `most_octets` is the limit of one mail."""
    shape = decode(_SHAPE, body)
    if shape is None:
        problems.append(Fault(FaultCode.JSON_INVALID))
        return []
    base = _base(shape.base, problems)
    before = len(problems)
    requests = _REQUESTS.read(shape.requests, problems)
    if requests is None and len(problems) == before:
        problems.append(Fault(FaultCode.REQUESTS_MISSING))
    raws = [] if requests is None else [one for one in msgspec.structs.astuple(requests) if one is not NOTHING]
    if len(raws) > MOST_REQUESTS:
        problems.append(Fault(FaultCode.REQUESTS_TOO_MANY))
    return [] if problems else [_merged(base, raw, index, most_octets) for index, raw in enumerate(raws)]


def size_of(fields: MailFields | Problem) -> int:
    """Octets of all that a request says."""
    return octets_of(*msgspec.structs.astuple(fields)) if isinstance(fields, MailFields) else 0


def _base(raw: msgspec.Raw, problems: list[Problem]) -> MailFields:
    base = _BASE.read(raw, problems) or MailFields()
    problems += (
        Fault(FaultCode.BASE_FIELD_NOT_ALLOWED, f"'{name}'")
        for name in _NOT_IN_BASE
        if bytes(getattr(base, name)) not in _EMPTY
    )
    return base


def _merged(base: MailFields, raw: msgspec.Raw, index: int, most_octets: int) -> MailFields | Problem:
    try:
        own = _REQUEST.decode(raw)
    except UNREADABLE:
        return Fault(FaultCode.FIELD_INVALID, f"'requests' {index}")
    pairs = zip(msgspec.structs.astuple(own), msgspec.structs.astuple(base), strict=True)
    fields = MailFields(*(mine if is_given(mine) else theirs for mine, theirs in pairs))
    # Before any work: a large base would be composed 500 times only to be refused.
    return Refusal(Reason.MESSAGE_TOO_LARGE) if size_of(fields) > most_octets else fields
