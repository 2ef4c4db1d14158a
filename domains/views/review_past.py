"""What happened in the reviews of a domain so far, as the lines of its customer's timeline."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from domains.models import ComplianceReview, SendingDomain

State = ComplianceReview.State


@dataclass(frozen=True, slots=True)
class Line:
    """For `{% event line.moment line.icon line.tone %}`: a bold fact and the rest of its sentence."""

    moment: datetime
    icon: str
    tone: str
    fact: str
    rest: str = ""


def past_of(domain: SendingDomain) -> list[Line]:
    """Newest first."""
    lines: list[Line] = []
    for one in domain.reviews.order_by("pk"):
        lines.append(Line(one.created_at, "search", "neutral", _("Begun"), _("We began to look at the domain.")))
        lines += _exchanges(one)
        if one.answered_at and one.answers and not one.exchanges:
            lines.append(Line(one.answered_at, "mail", "accent", _("Answered"), _("The questionnaire was sent.")))
        if one.decided_at:
            lines.append(_decision(one, one.decided_at))
    if domain.suspended_at:
        lines.append(Line(domain.suspended_at, "barred", "bad", _("Suspended"), domain.suspension_reason))
    return sorted(lines, key=lambda line: line.moment, reverse=True)


def moment_of(text: str) -> datetime | None:
    """ISO 8601 with an offset, or None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _exchanges(one: ComplianceReview) -> list[Line]:
    lines = []
    for said in one.exchanges:
        moment = moment_of(said["answered_at"])
        # What was said in an earlier review stands there already.
        if moment is None or (moment < one.created_at and one.exchanges[-1] is not said):
            continue
        if said["question"]:
            rest = _("“%(answer)s”, to our question “%(question)s”") % said
            lines.append(Line(moment, "mail", "accent", _("Answered"), rest))
        else:
            lines.append(Line(moment, "mail", "accent", _("Another look asked for"), f"“{said['answer']}”"))
    return lines


def _decision(one: ComplianceReview, moment: datetime) -> Line:
    by = _("by our staff") if one.decided_by_id else _("by the rules")
    rest = f"{by}: {one.reason}" if one.reason else f"{by}."
    if one.state == State.APPROVED:
        return Line(moment, "tick-circle", "good", _("Approved"), rest)
    return Line(moment, "barred", "bad", _("Not approved"), rest)
