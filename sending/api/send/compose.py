"""What is decided about a request to the sending API. `asgi` and `view` serve it."""

import uuid
from itertools import cycle
from typing import Any

from django.utils import timezone

from accounts import login_throttle
from accounts.authentication import TokenIdentity, authenticate_token, could_be_token
from accounts.login_throttle import LoginDoor
from accounts.rate_limits import Allowance
from sending.api.send import whole_message
from sending.api.send.answers import Answer, answer, failure
from sending.api.send.asked import Asked, Composed
from sending.api.send.body.mail import Mail, read_mail
from sending.api.send.body.recipients import KINDS, LeftOut, Report
from sending.api.send.suppressed_recipients import Suppressed
from sending.models import Door, Stream
from sending.policy.fault import Fault, FaultCode, Problem
from sending.policy.idempotency_key import is_valid_key
from sending.policy.overload import overload_now
from sending.policy.refusal import Reason, Refusal
from sending.protocol.mime import MailParts, build
from sending.protocol.mime_headers import HeaderError
from sending.submission.draft import Accepted, Draft, Idempotency
from sending.submission.sandbox import is_of_account


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
    identity = authenticate_token(asked.secret, asked.client_ip)
    if identity is not None:
        return identity
    too_often = could_be_token(asked.secret) and login_throttle.fails_too_often(LoginDoor.HTTP, asked.client_ip)
    return failure(Refusal(Reason.TOO_MANY_FAILURES if too_often else Reason.TOKEN_INVALID))


def refuse_beyond(allowance: Allowance) -> Answer | None:
    """Why a token that has asked too often in a short time need not send its body."""
    return failure(Refusal(Reason.RATE_LIMITED, wait=allowance.reset)) if allowance.is_refused else None


def refuse_head(asked: Asked, *content_types: str) -> Answer | None:
    """What is wrong with the headers. A body without a type is JSON."""
    if asked.content_type not in ("application/json", "", *content_types):
        return failure(Fault(FaultCode.CONTENT_TYPE_NOT_SUPPORTED))
    if asked.idempotency_key is not None and not is_valid_key(asked.idempotency_key):
        return failure(Refusal(Reason.IDEMPOTENCY_KEY_INVALID))
    return None


def refuse_sandbox(asked: Asked, identity: TokenIdentity) -> Answer | None:
    """Whether the account lacks the sandbox that is asked for. Blocks on the database."""
    sandbox_id = asked.sandbox_id
    if sandbox_id is None or is_of_account(sandbox_id, identity.account_id):
        return None
    return failure(Refusal(Reason.SANDBOX_UNKNOWN))


def read_draft(asked: Asked, identity: TokenIdentity, body: bytes) -> Composed | Answer:
    """The composed draft, or why there is none. Takes some milliseconds for a large body."""
    if (refused := refuse_head(asked, whole_message.CONTENT_TYPE)) is not None:
        return refused
    if asked.content_type == whole_message.CONTENT_TYPE:
        composed = whole_message.read_raw(asked, identity, body)
    else:
        mail = read_mail(body)
        if isinstance(mail, list):
            return failure(*mail)
        composed = compose_asked(mail, asked, identity, asked.idempotency("send", body, key=mail.idempotency_key))
    return composed.bound_for(asked.sandbox_id) if isinstance(composed, Composed) else failure(composed)


def compose_asked(
    mail: Mail, asked: Asked, identity: TokenIdentity, idempotency: Idempotency | None
) -> Composed | Problem:
    """The mail as draft, or what cannot be put into a header."""
    try:
        draft = compose(mail, identity, asked.stream, asked.client_ip or None, idempotency)
    except HeaderError as error:
        return Fault(FaultCode.HEADER_INVALID, f"'{error.field}' is invalid: {error.why}")
    return Composed(draft, mail.report)


def answer_of(outcome: Accepted | Refusal, composed: Composed, suppressed: Suppressed | None = None) -> Answer:
    """What the client hears about its mail. `suppressed` is what is known of that for a report."""
    if isinstance(outcome, Refusal):
        return failure(outcome)
    headers = (("Idempotent-Replayed", "true"),) if outcome.is_replay else ()
    return answer(accepted(outcome, composed, suppressed), headers)


def accepted(outcome: Accepted, composed: Composed, suppressed: Suppressed | None = None) -> dict[str, Any]:
    """`{"success": true, "message_ids": […]}` with what the request asked for beside it."""
    ids = [str(one) for one in outcome.message_ids]
    content: dict[str, Any] = {"success": True, "message_ids": ids}
    if composed.draft.send_at is not None:
        content["send_at"] = composed.draft.send_at.isoformat().replace("+00:00", "Z")
    if composed.report is not None:
        content["recipients"] = _recipients(composed.report, ids, suppressed)
    return content


def _recipients(report: Report, message_ids: list[str], suppressed: Suppressed | None) -> list[dict[str, Any]]:
    """Each recipient as the request names it, with what became of it."""
    ids = cycle(message_ids)  # of which a sandbox gives one for all
    types = None if suppressed is None else {str(message_id): kind for message_id, kind in suppressed.items()}
    return [
        {"email": one.email, "kind": kind, "status": "invalid", "message_id": None, "reason": one.reason}
        if isinstance(one, LeftOut)
        else _accepted_recipient(str(one.address), kind, next(ids), types)
        for kind in KINDS
        for one in report[kind]
    ]


def _accepted_recipient(email: str, kind: str, message_id: str, types: dict[str, str] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"email": email, "kind": kind, "status": "accepted", "message_id": message_id}
    return told if types is None else {**told, "suppressed": types.get(message_id)}


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
        # Readers sort by Date: a mail that waits is of the day on which it comes.
        date=mail.send_at or timezone.now(),
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
