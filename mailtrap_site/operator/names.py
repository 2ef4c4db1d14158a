"""Whether a sending address has a name that leads back to it (RFC 1912 2.1), and the name that it says in EHLO too
(RFC 5321 4.1.4). Pure."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from domains.answers import Answer, Outcome
from mailtrap_site.operator.finding import Finding, State
from mailtrap_site.operator.senders import Sender, same_address


def judge_reverse(sender: Sender, pointer: Answer, forward: Mapping[str, Answer]) -> Finding:
    """`forward`: the addresses of each name that `pointer` holds."""
    subject, words = _("Reverse DNS of %s") % sender.address, {"address": sender.address, "name": sender.name}
    if pointer.outcome.is_failure:
        return _not_asked(subject)
    if pointer.outcome is not Outcome.FOUND:
        return Finding(
            subject,
            State.FAILURE,
            _("%(address)s has no name.") % words,
            _("Ask whoever gave you the address to set its PTR record to %(name)s; large receivers refuse without.")
            % words,
        )
    words["found"] = ", ".join(pointer.values)
    confirmed = [name for name in pointer.values if _leads_to(forward.get(name), sender)]
    if not confirmed:
        if any((answer := forward.get(name)) is not None and answer.outcome.is_failure for name in pointer.values):
            return _not_asked(subject)
        return Finding(
            subject,
            State.FAILURE,
            _("%(address)s is named %(found)s, but that name does not lead back to it.") % words,
            _("Publish an address record of that name with %(address)s, or have the PTR record set to %(name)s.")
            % words,
        )
    if sender.name not in confirmed:
        return Finding(
            subject,
            State.WARNING,
            _("%(address)s is named %(found)s, and calls itself %(name)s.") % words,
            _("Let both be one name: set the PTR record to %(name)s, or name the source %(address)s=%(found)s.")
            % words,
        )
    return Finding(subject, State.FINE, _("%(address)s is named %(found)s, which leads back to it.") % words)


def judge_greeting(sender: Sender, answer: Answer) -> Finding:
    """`answer`: the addresses of the name that it says in EHLO."""
    subject, words = _("Greeting of %s") % sender.address, {"address": sender.address, "name": sender.name}
    if answer.outcome.is_failure:
        return _not_asked(subject)
    if _leads_to(answer, sender):
        return Finding(subject, State.FINE, _("It says %(name)s, which leads to %(address)s.") % words)
    words["found"] = ", ".join(answer.values)
    found = (
        _("It says %(name)s, which leads to %(found)s.")
        if answer.values
        else _("It says %(name)s, which has no address.")
    )
    advice = _("Publish an address record of %(name)s with %(address)s.")
    return Finding(subject, State.FAILURE, found % words, advice % words)


def _leads_to(answer: Answer | None, sender: Sender) -> bool:
    return answer is not None and any(same_address(value, sender.address) for value in answer.values)


def _not_asked(subject: str) -> Finding:
    return Finding(subject, State.UNKNOWN, _("DNS did not answer."), _("Ask again; if it stays, see DNS_RESOLVERS."))
