"""What is decided about a request to the sending API. `send_asgi` and `send_view` serve it."""

import uuid
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import cycle
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import login_throttle
from accounts.authentication import TokenIdentity, authenticate_token, could_be_token
from accounts.login_throttle import LoginDoor
from sending.api.answers import Answer, answer, failure
from sending.api.body_recipients import KINDS, LeftOut, Report
from sending.api.faults import Fault, FaultCode, Problem
from sending.api.routes import Route
from sending.api.send_body import Mail, is_valid_key, read_mail
from sending.models import Door, Stream
from sending.policy.overload import overload_now
from sending.policy.refusal import Reason, Refusal
from sending.protocol.mime import MailParts, build
from sending.protocol.mime_headers import HeaderError
from sending.submission.draft import Accepted, Draft, Idempotency
from sending.submission.sandbox import is_of_account


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brings before its body."""

    method: str
    host: str
    content_type: str
    secret: str
    client_ip: str
    route: Route
    idempotency_key: str | None = None

    @property
    def chosen_stream(self) -> Stream:
        """That of the path, or the one whose host name the client asked for."""
        return self.route.stream or stream_of_host(self.host)

    @property
    def lacks_sandbox(self) -> bool:
        """Whether a sandbox is meant and none is named: such mail is never to leave."""
        return self.route.sandbox is None and host_name(self.host) in settings.SANDBOX_HOSTS


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to be handed over, and what its answer is to report."""

    draft: Draft
    report: Report | None = None


def refuse_early(asked: Asked) -> Answer | None:
    """Why the body need not be read."""
    if asked.method != "POST":
        return failure(Fault(FaultCode.METHOD_NOT_ALLOWED), headers=(("Allow", "POST"),))
    if (overload := overload_now()) is not None:
        return failure(overload)
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
    return failure(Refusal(Reason.TOO_MANY_FAILURES if too_often else Reason.TOKEN_INVALID))


def refuse_head(asked: Asked) -> Answer | None:
    """What is wrong with a header that every body of JSON comes with."""
    if asked.content_type not in ("application/json", ""):
        return failure(Fault(FaultCode.CONTENT_TYPE_NOT_SUPPORTED))
    if asked.idempotency_key is not None and not is_valid_key(asked.idempotency_key):
        return failure(Refusal(Reason.IDEMPOTENCY_KEY_INVALID))
    if asked.lacks_sandbox:
        return failure(Refusal(Reason.SANDBOX_UNKNOWN))
    return None


def refuse_sandbox(asked: Asked, identity: TokenIdentity) -> Answer | None:
    """Whether the account has the sandbox that is asked for. Blocks on the database."""
    sandbox_id = asked.route.sandbox_id
    if sandbox_id is None or is_of_account(sandbox_id, identity.account_id):
        return None
    return failure(Refusal(Reason.SANDBOX_UNKNOWN))


def read_draft(asked: Asked, identity: TokenIdentity, body: bytes) -> Composed | Answer:
    """The composed draft, or why there is none. Takes some milliseconds for a large body."""
    if (refused := refuse_head(asked)) is not None:
        return refused
    mail = read_mail(body)
    if isinstance(mail, list):
        return failure(*mail)
    key = mail.idempotency_key or asked.idempotency_key
    idempotency = None if key is None else Idempotency(key, fingerprint("send", asked.chosen_stream, body))
    composed = compose_asked(mail, asked, identity, idempotency)
    return composed if isinstance(composed, Composed) else failure(composed)


def compose_asked(
    mail: Mail, asked: Asked, identity: TokenIdentity, idempotency: Idempotency | None
) -> Composed | Problem:
    """The mail as draft, or what cannot be put into a header."""
    try:
        draft = compose(mail, identity, asked.chosen_stream, asked.client_ip or None, idempotency)
    except HeaderError as error:
        return Fault(FaultCode.HEADER_INVALID, f"'{error.field}' is invalid: {error.why}")
    if asked.route.sandbox_id is not None:
        draft = replace(draft, sandbox_id=asked.route.sandbox_id)
    return Composed(draft, mail.report)


def fingerprint(kind: str, stream: Stream, *octets: bytes) -> bytes:
    """What an idempotency key stands for: the kind of request, its stream, and its body."""
    digest = sha256(f"{kind}\n{stream.value}\n".encode())
    for one in octets:
        digest.update(b"%d\n" % len(one))
        digest.update(one)
    return digest.digest()


def answer_of(outcome: Accepted | Refusal, composed: Composed) -> Answer:
    """What the client hears about its mail."""
    if isinstance(outcome, Refusal):
        return failure(outcome)
    headers = (("Idempotent-Replayed", "true"),) if outcome.is_replay else ()
    return answer(accepted(outcome, composed), headers)


def accepted(outcome: Accepted, composed: Composed) -> dict[str, Any]:
    """`{"success": true, "message_ids": […]}` with what the request asked for beside it."""
    ids = [str(one) for one in outcome.message_ids]
    content: dict[str, Any] = {"success": True, "message_ids": ids}
    if composed.draft.send_at is not None:
        content["send_at"] = composed.draft.send_at.isoformat().replace("+00:00", "Z")
    if composed.report is not None:
        content["recipients"] = _recipients(composed.report, ids)
    return content


def _recipients(report: Report, message_ids: list[str]) -> list[dict[str, Any]]:
    """Each recipient as the request names it, with what became of it."""
    ids = cycle(message_ids)  # of which a sandbox gives one for all
    return [
        {"email": one.email, "kind": kind, "status": "invalid", "message_id": None, "reason": one.reason}
        if isinstance(one, LeftOut)
        else {"email": str(one.address), "kind": kind, "status": "accepted", "message_id": next(ids)}
        for kind in KINDS
        for one in report[kind]
    ]


def stream_of_host(host: str) -> Stream:
    """The stream whose host name the client asked for."""
    return Stream.BULK if host_name(host) in settings.BULK_HOSTS else Stream.TRANSACTIONAL


def host_name(host: str) -> str:
    """Of a Host header, without its port."""
    return host.partition(":")[0].lower()


def compose(
    mail: Mail, identity: TokenIdentity, stream: Stream, client_ip: str | None, idempotency: Idempotency | None = None
) -> Draft:
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
        send_at=mail.send_at,
        tracking=mail.tracking,
        idempotency=idempotency,
    )
