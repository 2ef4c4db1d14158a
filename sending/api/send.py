"""`POST /api/send` of both streams: the HTTP door. A plain view, since it is served without middleware."""

import uuid
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.api_auth import fails_too_often, secret_of
from accounts.authentication import TokenIdentity, authenticate_token
from sending.api.send_body import KINDS, Mail, read_mail
from sending.models import Door, Stream
from sending.policy.refusal import Reason, Refusal
from sending.protocol.mime import MailParts, build
from sending.protocol.mime_headers import HeaderError
from sending.submission.submit import Accepted, Draft, submit

log = structlog.get_logger(__name__)


@csrf_exempt
def send(request: HttpRequest, stream: str = "") -> HttpResponse:
    """One mail. `stream` is named by the path where one host serves both, by the host name otherwise."""
    if request.method != "POST":
        answer = failure(405, ["Method not allowed"])
        answer["Allow"] = "POST"
        return answer
    try:
        return _send(request, Stream(stream) if stream else stream_of_host(request))
    except (InterfaceError, OperationalError) as problem:
        log.warning("send_not_possible", problem=type(problem).__name__)
        return refused(Refusal(Reason.TEMPORARY))
    except Exception:
        # The lean handler would answer with a page of HTML.
        log.exception("send_failed")
        return failure(500, ["Internal server error"])


def _send(request: HttpRequest, stream: Stream) -> HttpResponse:
    secret = secret_of(request)
    identity = authenticate_token(secret)
    if identity is None:
        return refused(Refusal(Reason.TOO_MANY_FAILURES if fails_too_often(request, secret) else Reason.TOKEN_INVALID))
    if request.content_type not in ("application/json", ""):
        return failure(415, ["Content-Type must be application/json"])
    try:
        body = request.body
    except RequestDataTooBig:
        return refused(Refusal(Reason.MESSAGE_TOO_LARGE))
    except UnreadablePostError:
        return failure(400, ["the request body ended too early"])
    if not body and "HTTP_TRANSFER_ENCODING" in request.META:
        # WSGI reads a body by its length only.
        return failure(411, ["Content-Length is required: send the body whole instead of in chunks"])
    mail = read_mail(body)
    if isinstance(mail, list):
        return failure(400, mail)
    try:
        draft = compose(mail, identity, stream, request.META.get("REMOTE_ADDR"))
    except HeaderError as problem:
        return failure(400, [f"'{problem.field}' is invalid: {problem.why}"])
    [outcome] = submit([draft])
    return accepted(outcome) if isinstance(outcome, Accepted) else refused(outcome)


def stream_of_host(request: HttpRequest) -> Stream:
    """The stream whose host name the client asked for."""
    host = request.META.get("HTTP_HOST", "").partition(":")[0].lower()
    return Stream.BULK if host in settings.BULK_HOSTS else Stream.TRANSACTIONAL


def compose(mail: Mail, identity: TokenIdentity, stream: Stream, client_ip: str | None) -> Draft:
    """The composed draft. Raises HeaderError for what cannot be put into a header."""
    unique = uuid.uuid4()
    parts = MailParts(
        from_=mail.from_,
        to=mail.recipients["to"],
        cc=mail.recipients["cc"],
        reply_to=mail.reply_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        attachments=mail.attachments,
        headers=mail.headers,
        date=timezone.now(),
        message_id=f"<{unique}@{mail.from_.address.ascii_domain}>",
        boundary_seed=unique.bytes,
    )
    return Draft(
        account_id=identity.account_id,
        token_id=identity.token_id,
        stream=stream,
        door=Door.API,
        client_ip=client_ip,
        mail_from=mail.from_.address.wire,
        recipients=tuple((kind, one.address.wire) for kind in KINDS for one in mail.recipients[kind]),
        message=build(parts),
        category=mail.category,
        custom_variables=mail.custom_variables,
        smtputf8=parts.needs_smtputf8,
    )


def accepted(outcome: Accepted) -> HttpResponse:
    """The contract's answer."""
    return _json(200, {"success": True, "message_ids": [str(one) for one in outcome.message_ids]})


def refused(refusal: Refusal) -> HttpResponse:
    """The contract's error, with a code and what to do beside it."""
    answer = failure(refusal.status, [refusal.error], codes=[refusal.reason.value], details=[refusal.details])
    if refusal.retry_after is not None:
        answer["Retry-After"] = str(refusal.retry_after)
    return answer


def failure(status: int, errors: list[str], **extras: Any) -> HttpResponse:
    """`{"success": false, "errors": […]}` with what is added beside it."""
    return _json(status, {"success": False, "errors": errors, **extras})


def _json(status: int, content: dict[str, Any]) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(content), status=status, content_type="application/json")
