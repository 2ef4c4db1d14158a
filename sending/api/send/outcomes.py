"""What a client hears about its mail once it was handed over."""

from itertools import cycle
from typing import Any

from sending.api.send.answers import Answer, answer, failure
from sending.api.send.asked import Composed
from sending.api.send.body.recipients import KINDS, LeftOut, Report
from sending.api.send.suppressed_recipients import Suppressed
from sending.policy.refusal import Refusal
from sending.submission.draft import Accepted


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
