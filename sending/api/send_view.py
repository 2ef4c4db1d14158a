"""`POST /api/send` as a Django view: for WSGI servers and for tests; `send_asgi` serves it in production."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from accounts.api_auth import ApiRequest, secret_of
from accounts.rate_limits import TOKEN, take
from sending.api.send import (
    Answer,
    Asked,
    answer_of,
    answer_of_problem,
    failure,
    identify,
    read_draft,
    refuse_beyond,
    refuse_early,
)
from sending.api.send import refused as answer_of_refusal
from sending.models import Stream
from sending.policy.refusal import Reason, Refusal
from sending.submission.submit import submit


@csrf_exempt
def send(request: ApiRequest, stream: str = "") -> HttpResponse:
    """One mail. `stream` is named by the path where one host serves both, by the host name otherwise."""
    try:
        answer = _send(request, Stream(stream) if stream else None)
    except Exception as problem:
        answer = answer_of_problem(problem)
    allowed = request.allowance.headers if hasattr(request, "allowance") else ()
    headers = dict((*answer.headers, *allowed))
    return HttpResponse(answer.content, status=answer.status, headers=headers, content_type="application/json")


def _send(request: ApiRequest, stream: Stream | None) -> Answer:
    asked = Asked(
        method=request.method or "",
        host=request.META.get("HTTP_HOST", ""),
        content_type=request.content_type or "",
        secret=secret_of(request),
        client_ip=request.META.get("REMOTE_ADDR", ""),
        stream=stream,
    )
    if (early := refuse_early(asked)) is not None:
        return early
    identity = identify(asked)
    if isinstance(identity, Answer):
        return identity
    request.allowance = take(TOKEN, identity.token_id)
    if (beyond := refuse_beyond(request.allowance)) is not None:
        return beyond
    try:
        body = request.body
    except RequestDataTooBig:
        return answer_of_refusal(Refusal(Reason.MESSAGE_TOO_LARGE))
    except UnreadablePostError:
        return failure(400, ["the request body ended too early"])
    if not body and "HTTP_TRANSFER_ENCODING" in request.META:
        # WSGI reads a body by its length only.
        return failure(411, ["Content-Length is required: send the body whole instead of in chunks"])
    draft = read_draft(asked, identity, body)
    return draft if isinstance(draft, Answer) else answer_of(submit([draft])[0])
