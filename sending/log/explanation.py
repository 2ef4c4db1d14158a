"""Why a message was not delivered, or is not yet: the answer as given, what it means, what we did, who can mend it and
what can be done. Values in, values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sending.log.meanings import HELD, MEANINGS, OWN_RULES, OWNERS, REJECTED, Words, act
from sending.models import Event, Message, MessageStatus
from sending.replies.classify import CURES, Category, Cure

TRIES = 11
"""The first attempt and the contract's ten more."""
S = MessageStatus


@dataclass(frozen=True, slots=True)
class Explanation:
    """`label` says who speaks in `answer`. `about_domain`: the cure lies on the sending domain's page."""

    heading: str
    tone: str
    label: str
    answer: str
    means: Words
    did: str
    owner: Words
    can_do: Words
    about_domain: bool = False


def explain(message: Message, events: Sequence[Event], *, is_suppressed: bool) -> Explanation | None:
    """None for mail of which nothing is to be mended. `is_suppressed`: the recipient gets no more such mail now."""
    teller = _TELLERS.get(S(message.status))
    if teller is not None:
        kinds, tell = teller
        news = next((event for event in reversed(events) if event.type in kinds), None)
        return tell(message, news.details if news else {}, is_suppressed)
    if message.opted_out_at is None:
        return None
    leaving = next((event for event in events if event.type in (Event.Type.SPAM, Event.Type.UNSUBSCRIBE)), None)
    return _opted_out(leaving, is_suppressed) if leaving else None


def _deferred(message: Message, details: Mapping[str, Any], is_suppressed: bool) -> Explanation:
    did = _("We keep it and try again by ourselves, up to %(most)s times.") % {"most": TRIES}
    return _refused(message, details, _("Why it is not delivered yet"), "warn", did, is_over=False)


def _bounced(message: Message, details: Mapping[str, Any], is_suppressed: bool) -> Explanation:
    if details.get("decision"):
        did = _("We gave it up, as %(name)s decided.") % {"name": details.get("decided_by") or _("your account")}
    elif details.get("reported_by"):
        did = _("We had delivered it to a server that later sent it back. We do not try again.")
    elif details.get("gave_up"):
        did = _("We tried %(tries)s times and gave up.") % {"tries": message.attempts}
    else:
        did = _("The refusal is final, so we do not try again.")
    if is_suppressed:
        did += " " + _("The address is on your suppression list: it gets no more mail.")
    return _refused(message, details, _("Why it was not delivered"), "bad", did, is_over=True)


def _refused(
    message: Message, details: Mapping[str, Any], heading: str, tone: str, did: str, *, is_over: bool
) -> Explanation:
    category = str(details.get("bounce_category") or Category.OTHER)
    if category not in MEANINGS:
        category = Category.OTHER
    cure = _cure(details, category)
    means, owner, can_do = OWN_RULES.get(
        str(details.get("rule")), (MEANINGS[category], OWNERS[cure], act(category, cure, is_over=is_over))
    )
    return Explanation(
        heading=heading,
        tone=tone,
        label=_who_speaks(details),
        answer=_answer(message, details),
        means=means,
        did=did,
        owner=owner,
        can_do=can_do,
        about_domain=details.get("rule") in OWN_RULES or (cure is Cure.SENDER and category in _ABOUT_DOMAIN),
    )


def _uncertain(message: Message, details: Mapping[str, Any], is_suppressed: bool) -> Explanation:
    asks = bool(details.get("asks"))
    return Explanation(
        heading=_("Why nobody knows"),
        tone="warn",
        label=_("What happened"),
        answer=_answer(message, details),
        means=_("They had the whole email when the line dropped, so it may have arrived."),
        did=_("We keep it until you decide.") if asks else _("We keep it and send it once more."),
        owner=_("You: ask the reader whether it is there.") if asks else _("Nobody has to: the next try settles it."),
        can_do=_("Decide whether it is sent again.")
        if asks
        else _("Nothing. If the first copy arrived, the reader gets two."),
    )


def _held(message: Message, details: Mapping[str, Any], is_suppressed: bool) -> Explanation | None:
    code = str(details.get("code") or "")
    if code not in HELD:
        return None
    _headline, owner, can_do = HELD[code]
    return Explanation(
        heading=_("Why it waits"),
        tone="warn",
        label=_("The reason"),
        answer=str(details.get("reject_reason") or ""),
        means=_("Nothing is wrong with the email itself. It may not leave for now."),
        did=_("We keep it. It leaves by itself when the reason is gone."),
        owner=owner,
        can_do=can_do,
        about_domain=code.startswith("domain_") or code.endswith("_paused"),
    )


def _rejected(message: Message, details: Mapping[str, Any], is_suppressed: bool) -> Explanation:
    _headline, means, owner, can_do = REJECTED.get(
        str(details.get("code") or ""),
        ("", _("Our own rules stopped it."), OWNERS[Cure.SENDER], _("Ask our support if the reason is not clear.")),
    )
    did = _("We kept the reason, and sent nothing.")
    if details.get("code") == "suppressed" and is_suppressed:
        did += " " + _("The address is on your suppression list still.")
    elif details.get("code") == "suppressed":
        did += " " + _("The address has come off the list since; the next email leaves.")
        can_do = _("Send the email once more.")
    return Explanation(
        heading=_("Why it was not delivered"),
        tone="bad",
        label=_("The reason"),
        answer=str(details.get("reject_reason") or "") or _("None was kept."),
        means=means,
        did=did,
        owner=owner,
        can_do=can_do,
    )


def _opted_out(leaving: Event, is_suppressed: bool) -> Explanation:
    did = _("We told you.")
    if is_suppressed:
        did = _("We put the address on your suppression list: it gets no more mail.")
    if leaving.type == Event.Type.UNSUBSCRIBE:
        return Explanation(
            heading=_("Why the reader gets no more"),
            tone="away",
            label=_("They said"),
            answer=_("Unsubscribed with the link or button in this email."),
            means=_("The reader wants no more mail of this kind. That is a good sign compared with a complaint."),
            did=did,
            owner=_("The reader, by asking for your mail again."),
            can_do=_("Take the address off your own lists too."),
        )
    said = str(leaving.details.get("spam_feedback_type") or "abuse")
    reporter = str(leaving.details.get("reported_by") or "")
    answer = _("Complaint: %(kind)s, reported by %(reporter)s") if reporter else _("Complaint: %(kind)s")
    return Explanation(
        heading=_("Why the reader complained"),
        tone="away",
        label=_("They reported"),
        answer=answer % {"kind": said, "reporter": reporter},
        means=_("The reader pressed “spam”. Providers count that; above 0.1 % of your mail they file it as junk."),
        did=did,
        owner=OWNERS[Cure.SENDER],
        can_do=_("Send only to people who asked for it, say so in the mail, and make leaving easier than complaining."),
    )


def _cure(details: Mapping[str, Any], category: str) -> Cure:
    """As the event says it; events of older versions leave it to the category."""
    try:
        return Cure(details.get("cure") or "")
    except ValueError:
        return CURES[Category(category)]


def _who_speaks(details: Mapping[str, Any]) -> str:
    if details.get("reported_by"):
        return _("They reported")
    # Without a code the words are ours: nobody answered.
    return _("They answered") if details.get("response_code") or not details else _("What happened")


def _answer(message: Message, details: Mapping[str, Any]) -> str:
    """The event's own words come first: a report of a later bounce leaves the message's last reply as it was."""
    said = ("response_code", "email_service_provider_status", "email_service_provider_response")
    words = " ".join(str(details[one]) for one in said if details.get(one))
    return words or message.reply or _("There was no answer.")


_ABOUT_DOMAIN = frozenset({Category.VERIFY_FAIL, Category.BAD_SENDER, Category.DNS_FAIL})
_Teller = Callable[[Message, Mapping[str, Any], bool], Explanation | None]
_TELLERS: dict[MessageStatus, tuple[tuple[Event.Type, ...], _Teller]] = {
    S.DEFERRED: ((Event.Type.SOFT_BOUNCE,), _deferred),
    S.UNCERTAIN: ((Event.Type.SOFT_BOUNCE,), _uncertain),
    S.BOUNCED: ((Event.Type.BOUNCE,), _bounced),
    S.HELD: ((Event.Type.SUSPENSION,), _held),
    S.REJECTED: ((Event.Type.REJECT,), _rejected),
}
