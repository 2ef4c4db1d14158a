"""One request to an endpoint, and what came of it. Network, so never inside a transaction."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from domains.pinned_http import FetchFailed, HttpAnswer, ask
from sending.webhooks.signatures import signature_headers
from sending.webhooks.targets import UrlRefused, checked_addresses, read_url

SECONDS = 30.0
MOST_ANSWER_OCTETS = 16 * 1024
HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class Request:
    """All that is needed to post, without the database."""

    url: str
    content_type: str
    body: bytes
    message_id: str
    secret: str
    next_secret: str | None


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it. `problem` is a UrlFault or a FetchProblem where there is no status."""

    started_at: datetime
    milliseconds: int
    status: int | None = None
    problem: str = ""
    detail: str = ""
    address: str | None = None
    request_head: str = ""
    answer_head: str = ""
    answer_body: str = ""

    @property
    def counts(self) -> bool:
        """Only 200 does."""
        return self.status == 200


def post(request: Request, *, seconds: float = SECONDS, clock: Callable[[], datetime] = timezone.now) -> Posted:
    """Posts once. The address is looked up, judged and pinned here, whatever was found when the URL was saved."""
    started_at, begin = clock(), time.monotonic()
    posted = Posted(started_at, 0)
    try:
        target = read_url(request.url)
        headers = _headers(request, started_at, target.authorization)
        place = target.place(())
        posted = replace(posted, request_head=_shown_request(place.path, place.authority, headers, request.body))
        place = target.place(checked_addresses(target))
        posted = replace(posted, address=place.addresses[0])
        answer = ask(
            place,
            method="POST",
            headers=headers,
            body=request.body,
            most_octets=MOST_ANSWER_OCTETS,
            seconds=max(seconds - (time.monotonic() - begin), 1.0),
        )
        head, said = _shown_answer(answer)
        posted = replace(posted, status=answer.status, answer_head=head, answer_body=said)
    except UrlRefused as refused:
        posted = replace(posted, problem=refused.fault.value, detail=refused.host)
    except FetchFailed as failed:
        posted = replace(posted, problem=failed.problem.value, detail=failed.detail[:300])
    return replace(posted, milliseconds=int((time.monotonic() - begin) * 1000))


def _headers(request: Request, at: datetime, authorization: str) -> dict[str, str]:
    headers = {
        "Content-Type": request.content_type,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": f"{_product()}-Webhooks/1.0",
        **signature_headers(request.body, request.message_id, at, request.secret, request.next_secret),
    }
    return headers | ({"Authorization": authorization} if authorization else {})


def _product() -> str:
    """The site's name as a token of RFC 9110 section 5.6.2."""
    return "".join(sign for sign in settings.SITE_NAME if sign.isascii() and sign.isalnum()) or "Mail"


def _shown_request(path: str, authority: str, headers: dict[str, str], body: bytes) -> str:
    lines = [f"POST {path} HTTP/1.1", f"Host: {authority}"]
    lines += [f"{name}: {f'Basic {HIDDEN}' if name == 'Authorization' else value}" for name, value in headers.items()]
    return "\n".join([*lines, f"Content-Length: {len(body)}"])


def _shown_answer(answer: HttpAnswer) -> tuple[str, str]:
    """Head and body, as text that the database can hold: PostgreSQL has no NUL."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}".strip()]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    body = answer.body.decode("utf-8", "replace") + ("…" if answer.is_cut else "")
    return _storable("\n".join(lines)), _storable(body)


def _storable(text: str) -> str:
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
