"""Standing as it was at most two seconds ago, for early refusals in a dialogue. The flush decides."""

import time
from collections import OrderedDict
from threading import Lock

from django.utils import timezone

from billing.metering import look
from billing.terms import read_terms
from sending.models.statements import raw_cursor
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Key, Standing, read_standings

HINT_SECONDS = 2.0
MOST_HINTS = 10_000

_hints: OrderedDict[Key, tuple[float, Standing]] = OrderedDict()
_left: OrderedDict[int, float] = OrderedDict()
_lock = Lock()


def remembered(key: Key) -> Standing | None:
    """The hint, if there is a fresh one; never asks the database."""
    with _lock:
        known = _hints.get(key)
    return known[1] if known is not None and known[0] > time.monotonic() else None


def standing_of(key: Key) -> Standing:
    """The hint, asking the database where there is none."""
    known = remembered(key)
    if known is not None:
        return known
    forget_at = time.monotonic() + HINT_SECONDS
    standing = read_standings(raw_cursor(), [key]).get(key, Standing())
    with _lock:
        _hints[key] = (forget_at, standing)
        _hints.move_to_end(key)
        while len(_hints) > MOST_HINTS:
            _hints.popitem(last=False)
    return standing


def nothing_left(account_id: int, standing: Standing) -> Refusal | None:
    """The refusal of an account whose meter is full; asks the database. That something is left is remembered."""
    if standing.account_banned is None:
        return None
    good_until = time.monotonic() + HINT_SECONDS
    if not standing.is_platform:
        cursor, now = raw_cursor(), timezone.now()
        left = look(cursor, read_terms(cursor, [account_id], now), now)[account_id]
        if left is not None and left <= 0:
            return Refusal(Reason.MONTHLY_LIMIT)
    with _lock:
        _left[account_id] = good_until
        _left.move_to_end(account_id)
        while len(_left) > MOST_HINTS:
            _left.popitem(last=False)
    return None


def has_left(account_id: int) -> bool:
    """Whether the account is known to have something left on its meter; never asks the database."""
    with _lock:
        return _left.get(account_id, 0.0) > time.monotonic()


def forget_hints() -> None:
    """Empties this process's hints."""
    with _lock:
        _hints.clear()
        _left.clear()
