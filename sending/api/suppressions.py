"""The general API's suppressions (contract 2.5), under both key names of the sending domain."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from accounts.api_auth import ApiRequest, account_of, readable_domains, require_level, require_rate
from accounts.rate_limits import SUPPRESSIONS
from accounts.scopes import ADMIN
from domains.models import SendingDomain
from mailtrap_site.web.json_api import Invalid, instant
from sending.models import Suppression
from sending.protocol.address import AddressError
from sending.suppressions import lists, store
from sending.suppressions.import_lines import address_of

router = Router(tags=["Suppressions"])

PAGE = 1000
BLANK = "can't be blank"
INVALID = "is invalid"
_STREAMS = ("transactional", "bulk")
"""Those that the contract names; "any", which its lists show, is taken as well."""
_TEXTS = (
    "bounce_category",
    "category",
    "client_ip",
    "esp_response",
    "esp_server_type",
    "outgoing_ip",
    "recipient_mx_name",
    "sender_email",
    "subject",
)


class NewSuppression(Schema):
    """One address that is to get no more mail of a domain and stream."""

    email: str | None = Field(None, max_length=320)
    domain_id: int | None = Field(None, ge=0, lt=2**63)
    sending_stream: str | None = Field(None, description="transactional or bulk; any for both")
    type: str | None = Field(None, description="manual import where it is left out")


@router.get("/suppressions", response=list[dict[str, Any]])
def list_suppressions(
    request: ApiRequest, account_id: int, email: str = "", start_time: str = "", end_time: str = "", last_id: str = ""
) -> list[dict[str, Any]]:
    """Newest entry first, 1,000 at most; the id of the last one goes into `last_id` of the next call.

    `email` is a whole address in any case; the times are those of the entries, both included.
    """
    require_rate(request, SUPPRESSIONS, account_id)
    query = lists.Query(
        email=email.replace("\0", ""),
        since=moment("start_time", start_time),
        until=moment("end_time", end_time),
        domains=readable_domains(request),
    )
    return [_shown(one) for one in lists.fetch(account_id, query, after=cursor(last_id), size=PAGE).rows]


@router.post("/suppressions", response={201: dict[str, Any]})
def create_suppression(request: ApiRequest, account_id: int, body: NewSuppression) -> Any:
    """Puts an address on the list. One that stands already is answered as it stands."""
    require_rate(request, SUPPRESSIONS, account_id)
    account = account_of(request, account_id)
    if body.domain_id is None:
        require_level(request, ADMIN)
    else:
        require_level(request, ADMIN, "domain", body.domain_id)
    new = _read(account_id, body)
    store.add(account, [new], by_token(request))
    entry = Suppression.objects.select_related("domain").get(
        account=account, email=new.email, domain=new.domain_id, stream=new.stream, type=new.type
    )
    return Status(201, {"data": _shown(entry)})


@router.delete("/suppressions/{uuid:suppression_id}", response=dict[str, Any])
def delete_suppression(request: ApiRequest, account_id: int, suppression_id: uuid.UUID) -> dict[str, Any]:
    """Takes an entry off the list, and answers what it was."""
    require_rate(request, SUPPRESSIONS, account_id)
    account, entry = account_of(request, account_id), lists.find(account_id, suppression_id)
    if entry is None or not _may_read(request, entry):
        raise Http404
    if entry.domain_id is None:
        require_level(request, ADMIN)
    else:
        require_level(request, ADMIN, "domain", entry.domain_id)
    shown = _shown(entry)
    if not store.reactivate(account, [entry.pk], by_token(request)):
        raise Http404
    return shown


def _read(account_id: int, body: NewSuppression) -> store.New:
    """Raises Invalid with everything that is wrong."""
    errors: dict[str, list[str]] = {}
    email, stream, kind = "", body.sending_stream, body.type or Suppression.Type.MANUAL_IMPORT
    if not (body.email or "").strip():
        errors["email"] = [BLANK]
    else:
        try:
            email = address_of(body.email or "")
        except AddressError:
            errors["email"] = [INVALID]
    domains = SendingDomain.objects.filter(account=account_id, deleted_at=None, pk=body.domain_id or 0)
    domain_id = domains.values_list("pk", flat=True).first()
    if domain_id is None:
        errors["domain"] = [BLANK]
    if stream not in Suppression.Scope.values:
        errors["sending_stream"] = [f"{INVALID}. Allowed values: {', '.join(_STREAMS)}."]
    if kind not in Suppression.Type.values:
        errors["type"] = [f"{INVALID}. Allowed values: {', '.join(Suppression.Type.values)}."]
    if errors:
        raise Invalid(errors)
    return store.New(email, domain_id, str(stream), kind)


def _may_read(request: ApiRequest, entry: Suppression) -> bool:
    readable = readable_domains(request)
    return readable is None or entry.domain_id in readable


def by_token(request: ApiRequest) -> store.By:
    """The token as who acts."""
    return store.By(request, f"token “{request.auth.name}”")


def cursor(text: str) -> uuid.UUID | None:
    """The `last_id` of a call. Raises HttpError 400 for what is none."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError as problem:
        raise HttpError(400, "last_id must be the id of an entry of an earlier answer") from problem


def moment(name: str, text: str) -> datetime | None:
    """A date alone begins at midnight, in UTC; in an address a plus sign may have become a space."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise HttpError(400, f"{name} must be a time in ISO 8601, such as 2026-01-31T00:00:00Z") from problem


def _shown(entry: Suppression) -> dict[str, Any]:
    evidence = entry.evidence
    return {
        "id": str(entry.pk),
        "type": entry.type,
        "created_at": instant(entry.created_at),
        "email": entry.email,
        "sending_stream": entry.stream,
        "domain_name": entry.domain.name if entry.domain_id and entry.domain else None,
        "message_created_at": evidence.get("created_at"),
        **{f"message_{name}": str(evidence.get(name) or "") for name in _TEXTS},
        "domain_id": entry.domain_id,
        "sending_domain_id": entry.domain_id,
        "message_id": str(entry.message_id) if entry.message_id else None,
        "message_response_code": evidence.get("response_code"),
        "rule": entry.rule,
    }
