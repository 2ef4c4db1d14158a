"""What a client of the sending API hears: the contract's shapes, with codes and links beside its error strings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from django.db import InterfaceError, OperationalError

from sending.policy.fault import Fault, FaultCode, Problem
from sending.policy.refusal import Reason, Refusal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """Of HTTP; `content` is JSON."""

    status: int
    content: bytes
    headers: tuple[tuple[str, str], ...] = ()


def answer(content: dict[str, Any], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """200 with this content."""
    return Answer(200, msgspec.json.encode(content), headers)


def failure(*problems: Problem, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """All that is wrong, with the status of the first."""
    retry_after = max((one.retry_after or 0 for one in problems if isinstance(one, Refusal)), default=0)
    if retry_after:
        headers = (*headers, ("Retry-After", str(retry_after)))
    return Answer(problems[0].status, msgspec.json.encode(failed(problems)), headers)


def failed(problems: Sequence[Problem]) -> dict[str, Any]:
    """`{"success": false, "errors": […], "codes": […], "details": […]}`, one element a problem in each."""
    details = [one.details for one in problems]
    return {
        "success": False,
        "errors": [one.error for one in problems],
        "codes": [one["code"] for one in details],
        "details": details,
    }


def problem_of(exception: Exception) -> Problem:
    """What the client hears of a fault: a database that is away may be back in a moment."""
    if isinstance(exception, InterfaceError | OperationalError | TimeoutError):
        log.warning("send_not_possible", problem=type(exception).__name__)
        return Refusal(Reason.TEMPORARY)
    log.error("send_failed", exc_info=exception)
    return Fault(FaultCode.INTERNAL_ERROR)


def closing(one: Answer) -> Answer:
    """The last answer of a connection: what still comes on it is no request."""
    return Answer(one.status, one.content, (*one.headers, ("Connection", "close")))
