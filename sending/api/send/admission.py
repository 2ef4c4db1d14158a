"""Why a request to the sending API gets no further: its method, its token, its pace, its headers, its sandbox."""

from accounts import login_throttle
from accounts.authentication import TokenIdentity, authenticate_token, could_be_token
from accounts.login_throttle import LoginDoor
from accounts.rate_limits import Allowance
from sending.api.send.answers import Answer, failure
from sending.api.send.asked import Asked
from sending.policy.fault import Fault, FaultCode
from sending.policy.idempotency_key import is_valid_key
from sending.policy.overload import overload_now
from sending.policy.refusal import Reason, Refusal
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
