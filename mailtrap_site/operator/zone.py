"""Whether the world sees the platform's zone as it is meant: where its mail goes, whom its SPF names, and that it is
delegated. Pure."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from domains.answers import Answer, Outcome
from mailtrap_site.operator import spf
from mailtrap_site.operator.finding import Finding, State
from mailtrap_site.operator.senders import Sender, same_address

MOST_NAMED = 3
"""Records that a sentence names."""


def judge_spf(sender: Sender, domain: str, result: spf.Result) -> Finding:
    """`domain`: the target of the customers' return paths, whose record receivers read."""
    subject, words = (
        _("SPF for %s") % sender.address,
        {"address": sender.address, "domain": domain, "result": result.value},
    )
    if result is spf.Result.PASS:
        return Finding(subject, State.FINE, _("The SPF record of %(domain)s names %(address)s.") % words)
    if result is spf.Result.TEMPERROR:
        return Finding(subject, State.UNKNOWN, _("DNS did not answer."), _("Ask again later."))
    if result is spf.Result.NONE:
        return Finding(
            subject,
            State.FAILURE,
            _("%(domain)s has no SPF record.") % words,
            _("Publish the platform's zone; manage.py platform_zone prints it."),
        )
    if result is spf.Result.PERMERROR:
        found = _("The SPF record of %(domain)s cannot be read to its end.") % words
        return Finding(
            subject, State.FAILURE, found, _("Have one record there, of valid terms and at most ten look-ups.")
        )
    return Finding(
        subject,
        State.FAILURE,
        _("For mail from %(address)s the SPF record of %(domain)s says %(result)s.") % words,
        _("Add the address to that record, or let mail leave from an address that it names."),
    )


def judge_exchange(domain: str, answer: Answer, addresses: Mapping[str, Answer], own: str) -> Finding:
    """`addresses`: of each exchanger; `own`: the address at which our mx listens."""
    subject, words = _("Mail to %s") % domain, {"domain": domain, "own": own}
    asked = [answer, *addresses.values()]
    if any(one.outcome.is_failure for one in asked):
        return Finding(subject, State.UNKNOWN, _("DNS did not answer."), _("Ask again later."))
    advice = _("Publish an MX record of %(domain)s that leads to %(own)s; bounces and reports come in there.") % words
    if answer.outcome is not Outcome.FOUND:
        return Finding(subject, State.FAILURE, _("%(domain)s has no MX record.") % words, advice)
    elsewhere = [
        host for host, found in addresses.items() if not any(same_address(value, own) for value in found.values)
    ]
    words["hosts"] = ", ".join(addresses)
    if not elsewhere:
        return Finding(subject, State.FINE, _("It goes to %(hosts)s, which is here.") % words)
    words["elsewhere"] = ", ".join(elsewhere)
    state = State.FAILURE if len(elsewhere) == len(addresses) else State.WARNING
    return Finding(subject, state, _("It goes to %(elsewhere)s, which does not lead to %(own)s.") % words, advice)


def judge_delegation(domain: str, servers: Answer) -> Finding:
    """`servers`: the NS records that the world finds."""
    subject, words = _("Delegation of %s") % domain, {"domain": domain, "servers": ", ".join(servers.values)}
    if servers.outcome.is_failure:
        return Finding(
            subject,
            State.FAILURE,
            _("Whoever is named as server of %(domain)s does not answer.") % words,
            _("See that the dns process runs (DNS_ENABLED) and that port 53 reaches it by UDP and TCP."),
        )
    if servers.outcome is Outcome.FOUND:
        return Finding(subject, State.FINE, _("%(domain)s is served by %(servers)s.") % words)
    return Finding(
        subject,
        State.WARNING,
        _("%(domain)s is no zone of its own; its records are seen as they stand in the zone above.") % words,
        _("Delegate it to ns1.%(domain)s with a glue record, so that new keys are there at once.") % words,
    )


def judge_records(domain: str, expected: Sequence[tuple[str, str, str]], answers: Sequence[Answer]) -> Finding:
    """`expected`: name, type and value as an answer holds it, each with its answer."""
    subject = _("Records of %s") % domain
    failed = [answer for answer in answers if answer.outcome.is_failure]
    wrong = [
        f"{name} {kind}"
        for (name, kind, value), answer in zip(expected, answers, strict=True)
        if not answer.outcome.is_failure and value not in answer.values
    ]
    words = {"count": len(expected), "wrong": len(wrong), "names": ", ".join(wrong[:MOST_NAMED])}
    if wrong:
        return Finding(
            subject,
            State.FAILURE,
            _("%(wrong)s of %(count)s records are missing or different, such as %(names)s.") % words,
            _("Let our dns process serve the zone, or publish anew what manage.py platform_zone prints."),
        )
    if failed:
        return Finding(subject, State.UNKNOWN, _("DNS did not answer every question."), _("Ask again later."))
    return Finding(subject, State.FINE, _("The world sees all %(count)s records that were asked for.") % words)
