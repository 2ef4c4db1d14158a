"""The one door: every mail, whichever way it came, is accepted here."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

import structlog

from sending.policy.refusal import Reason, Refusal
from sending.submission import group_commit, sandbox
from sending.submission.draft import Accepted, Draft
from sending.submission.flush import Outcome
from sending.submission.payload import prepare

__all__ = ["Accepted", "Draft", "hand_over", "note", "outcome_of", "submit", "wait_for"]

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 90.0
_NO_ANSWER = Refusal(Reason.TEMPORARY)


def submit(drafts: Sequence[Draft]) -> list[Accepted | Refusal]:
    """An answer for each draft, after its commit. Blocks; the drafts share a flush where they can."""
    futures = [hand_over(draft) for draft in drafts]
    return [note(draft, wait_for(future)) for draft, future in zip(drafts, futures, strict=True)]


def hand_over(draft: Draft) -> "Future[Accepted | Refusal]":
    """The answer, later; reading and packing a large draft takes this thread some milliseconds."""
    payload = prepare(draft)
    if not isinstance(payload, Refusal):
        if draft.sandbox_id is not None:
            return sandbox.hand_over(draft.sandbox_id, payload)
        return group_commit.hand_over(payload)
    refused: Future[Outcome] = Future()
    refused.set_result(payload)
    return refused


async def outcome_of(future: "Future[Outcome]") -> Outcome:
    """The answer, for an event loop. The flusher bounds every statement; this bound is for a thread that died.

    A client that goes away cancels only this waiting, never what the flusher has begun."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Outcome] = loop.create_future()

    def tell(outcome: Outcome) -> None:
        if not answer.done():
            answer.set_result(outcome)

    def commit_came(done: "Future[Outcome]") -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, done.result())

    future.add_done_callback(commit_came)
    timer = loop.call_later(ANSWER_SECONDS, tell, _NO_ANSWER)
    try:
        return await answer
    finally:
        timer.cancel()


def note(draft: Draft, outcome: Outcome) -> Outcome:
    """Logs a refusal, with ids only, and gives the outcome back. What is accepted the flusher logs, many in a line."""
    if isinstance(outcome, Refusal):
        log.info("refused", reason=outcome.reason.value, account=draft.account_id, door=draft.door.value)
    return outcome


def wait_for(future: "Future[Outcome]") -> Outcome:
    """The answer. Blocks. The flusher bounds every statement; this bound is for a thread that died."""
    try:
        return future.result(ANSWER_SECONDS)
    except TimeoutError:
        return _NO_ANSWER
