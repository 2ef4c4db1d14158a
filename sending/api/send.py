"""`POST /api/send` of both streams: what is decided about a request. `send_asgi` and `send_view` serve it."""

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts import login_throttle
from accounts.authentication import TokenIdentity, authenticate_token, could_be_token
from accounts.login_throttle import LoginDoor
from accounts.rate_limits import Allowance
from sending.api.send_body import KINDS, Mail, read_mail
from sending.models import Door, Stream
from sending.policy.overload import overload_now
from sending.policy.refusal import Reason, Refusal
from sending.protocol.mime import MailParts, build
from sending.protocol.mime_headers import HeaderError
from sending.submission.submit import Accepted, Draft

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings before its body: `stream` is None for the host name to decide."""

    method: str
    host: str
    content_type: str
    secret: str
    client_ip: str
    stream: Stream | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Of HTTP; `content` is JSON."""

    status: int
    content: bytes
    headers: tuple[tuple[str, str], ...] = ()


def refuse_early(asked: Asked) -> Answer | None:
    """Why the body need not be read."""
    if asked.method != "POST":
        return failure(405, ["Method not allowed"], headers=(("Allow", "POST"),))
    if (overload := overload_now()) is not None:
        return refused(overload)
    return None


def identify(asked: Asked) -> TokenIdentity | Answer:
    """Whose token it is. Blocks on the database where the token is not remembered.

    Failures are counted after the look-up: whoever has a valid token is never held up, and what cannot be a token
    costs nothing.
    """
    identity = authenticate_token(asked.secret)
    if identity is not None:
        return identity
    too_often = could_be_token(asked.secret) and login_throttle.fails_too_often(LoginDoor.HTTP, asked.client_ip)
    return refused(Refusal(Reason.TOO_MANY_FAILURES if too_often else Reason.TOKEN_INVALID))


def refuse_beyond(allowance: Allowance) -> Answer | None:
    """Why a token that has asked too often in a short time need not send its body."""
    return refused(Refusal(Reason.RATE_LIMITED, wait=allowance.reset)) if allowance.is_refused else None


def read_draft(asked: Asked, identity: TokenIdentity, body: bytes) -> Draft | Answer:
    """The composed draft, or why there is none. Takes some milliseconds for a large body."""
    if asked.content_type not in ("application/json", ""):
        return failure(415, ["Content-Type must be application/json"])
    mail = read_mail(body)
    if isinstance(mail, list):
        return failure(400, mail)
    try:
        return compose(mail, identity, asked.stream or stream_of_host(asked.host), asked.client_ip or None)
    except HeaderError as problem:
        return failure(400, [f"'{problem.field}' is invalid: {problem.why}"])


def answer_of(outcome: Accepted | Refusal) -> Answer:
    """What the client hears about its mail."""
    if isinstance(outcome, Refusal):
        return refused(outcome)
    return _json(200, {"success": True, "message_ids": [str(one) for one in outcome.message_ids]})


def answer_of_problem(problem: Exception) -> Answer:
    """What the client hears of a fault: a database that is away may be back in a moment."""
    if isinstance(problem, InterfaceError | OperationalError):
        log.warning("send_not_possible", problem=type(problem).__name__)
        return refused(Refusal(Reason.TEMPORARY))
    log.error("send_failed", exc_info=problem)
    return failure(500, ["Internal server error"])


def stream_of_host(host: str) -> Stream:
    """The stream whose host name the client asked for."""
    return Stream.BULK if host.partition(":")[0].lower() in settings.BULK_HOSTS else Stream.TRANSACTIONAL


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


def refused(refusal: Refusal) -> Answer:
    """The contract's error, with a code and what to do beside it."""
    headers = () if refusal.retry_after is None else (("Retry-After", str(refusal.retry_after)),)
    extras = {"codes": [refusal.reason.value], "details": [refusal.details]}
    return failure(refusal.status, [refusal.error], headers=headers, **extras)


def failure(status: int, errors: list[str], *, headers: tuple[tuple[str, str], ...] = (), **extras: Any) -> Answer:
    """`{"success": false, "errors": […]}` with what is added beside it."""
    return _json(status, {"success": False, "errors": errors, **extras}, headers)


def _json(status: int, content: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status, msgspec.json.encode(content), headers)
