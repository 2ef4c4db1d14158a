"""The sending API as Django views: for WSGI servers and for tests; `asgi` serves it in production."""

from django.http import HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from accounts.api_auth import ApiRequest, secret_of
from accounts.authentication import TokenIdentity
from accounts.rate_limits import TOKEN, take
from sending.api.send.admission import identify, refuse_beyond, refuse_early
from sending.api.send.answers import Answer, failure, problem_of
from sending.api.send.asked import Asked
from sending.api.send.batch import Handed, Result, answer_of_all, read_batch, refusal_of_all, result_of
from sending.api.send.body_limits import most_octets
from sending.api.send.compose import read_draft
from sending.api.send.outcomes import answer_of
from sending.api.send.routes import Kind, route_of
from sending.api.send.suppressed_recipients import suppressed_of
from sending.policy.fault import Fault, FaultCode
from sending.policy.refusal import Reason, Refusal
from sending.submission.submit import note, submit, wait_for


@csrf_exempt
def send(request: ApiRequest) -> HttpResponse:
    """One mail, or a batch; the path says which, and on which stream where one host serves both."""
    try:
        answer = _answer(request)
    except Exception as exception:
        answer = failure(problem_of(exception))
    allowed = request.allowance.headers if hasattr(request, "allowance") else ()
    headers = dict((*answer.headers, *allowed))
    return HttpResponse(answer.content, status=answer.status, headers=headers, content_type="application/json")


def _answer(request: ApiRequest) -> Answer:
    route = route_of(request.path)
    assert route is not None
    asked = Asked(
        method=request.method or "",
        host=request.META.get("HTTP_HOST", ""),
        content_type=request.content_type or "",
        secret=secret_of(request),
        client_ip=request.META.get("REMOTE_ADDR", ""),
        path_stream=route.stream,
        kind=route.kind,
        sandbox=route.sandbox,
        query=request.META.get("QUERY_STRING", ""),
        idempotency_key=request.META.get("HTTP_IDEMPOTENCY_KEY"),
    )
    if (early := refuse_early(asked)) is not None:
        return early
    identity = identify(asked)
    if isinstance(identity, Answer):
        return identity
    request.allowance = take(TOKEN, identity.token_id)
    if (beyond := refuse_beyond(request.allowance)) is not None:
        return beyond
    body = _body(request, most_octets(route.kind, identity.max_message_bytes))
    if isinstance(body, Answer):
        return body
    if route.kind is Kind.BATCH:
        return _send_batch(asked, identity, body)
    composed = read_draft(asked, identity, body)
    if isinstance(composed, Answer):
        return composed
    outcome = submit([composed.draft])[0]
    return answer_of(outcome, composed, suppressed_of(composed, outcome))


def _body(request: ApiRequest, most: int) -> bytes | Answer:
    """Django's own limit does not know whose body it is."""
    try:
        body = request.read(most + 1)
    except UnreadablePostError:
        return failure(Fault(FaultCode.BODY_CUT_SHORT))
    if len(body) > most:
        return failure(Refusal(Reason.MESSAGE_TOO_LARGE))
    if not body and "HTTP_TRANSFER_ENCODING" in request.META:
        # WSGI reads a body by its length only.
        return failure(Fault(FaultCode.LENGTH_REQUIRED))
    return body


def _send_batch(asked: Asked, identity: TokenIdentity, body: bytes) -> Answer:
    batch = read_batch(asked, identity, body)
    if isinstance(batch, Answer):
        return batch
    results: list[Result] = []
    for part in batch.parts:
        results += map(_result_of, batch.hand_over(part))
        if refusal_of_all(results) is not None:
            break
    return answer_of_all(results)


def _result_of(handed: Handed | Result) -> Result:
    if isinstance(handed, Result):
        return handed
    outcome = note(handed.composed.draft, wait_for(handed.future))
    return result_of(handed, outcome, suppressed_of(handed.composed, outcome))
