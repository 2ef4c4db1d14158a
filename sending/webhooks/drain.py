"""Posts what is due: one thread asks the database, others wait for customers' servers."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog
from django.utils import timezone

from sending.webhooks import claim as claims
from sending.webhooks.claim import Claim
from sending.webhooks.posting import Posted, post

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Requests under way in one process."""
LOOK_SECONDS = 0.25
"""Between two looks at what has become due, while servers are slow."""

_claiming = threading.Lock()
"""One drain of a process claims. The next one begins when it has stopped, while it waits for the last answers."""


def drain(seconds: float, post_one: Callable[[Claim], Posted] | None = None) -> int:
    """Posts until nothing is due or `seconds` are over; ends at most one time-out later. Returns how many requests.

    Zero as well while another thread of this process drains: it finds what this one was called for.
    """
    if not _claiming.acquire(blocking=False):
        return 0
    under_way: dict[Future[Posted], Claim] = {}
    done = 0
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        try:
            while time.monotonic() < until:
                for one in _claim(under_way):
                    under_way[pool.submit(post_one or _post, one)] = one
                if not under_way:
                    break
                done += _record(under_way, LOOK_SECONDS)
        finally:
            _claiming.release()
        while under_way:
            done += _record(under_way, None)
    return done


def _post(one: Claim) -> Posted:
    return post(one.request)


def _claim(under_way: dict[Future[Posted], Claim]) -> list[Claim]:
    busy = Counter(one.account_id for one in under_way.values())
    return claims.claim(timezone.now(), most=AT_ONCE - len(under_way), busy=busy)


def _record(under_way: dict[Future[Posted], Claim], seconds: float | None) -> int:
    """Writes down what is finished within `seconds`; how many."""
    finished, _others = wait(under_way, seconds, FIRST_COMPLETED)
    for future in finished:
        one = under_way.pop(future)
        problem = future.exception()
        if problem is not None:
            # A fault of ours: the lease passes and it is tried again.
            log.error("webhook_not_posted", endpoint=one.endpoint_id, exc_info=problem)
            continue
        claims.record(one, future.result(), timezone.now())
    return len(finished)
