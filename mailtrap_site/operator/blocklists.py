"""Whether a DNS blocklist lists an address of ours, and whether its answers mean anything (RFC 5782). Pure."""

import ipaddress

from django.utils.translation import gettext as _

from domains.answers import Answer, Outcome
from mailtrap_site.operator.finding import Finding, State
from mailtrap_site.operator.senders import Sender

LISTED_TEST, CLEAN_TEST = "2.0.0.127", "1.0.0.127"
"""Every working list of addresses lists the first, and none the second (RFC 5782 section 5)."""
_ANSWERS = ipaddress.IPv4Network("127.0.0.0/8")
_REFUSALS = ipaddress.IPv4Network("127.255.255.0/24")
"""How lists tell that they do not answer this resolver, such as a public one."""


def judge_listing(blocklist: str, sender: Sender, listed_test: Answer, clean_test: Answer, own: Answer) -> Finding:
    """`listed_test`, `clean_test`: what it says of the two test addresses."""
    subject = _("%(address)s on %(list)s") % {"address": sender.address, "list": blocklist}
    words = {"list": blocklist, "address": sender.address, "codes": ", ".join(own.values)}
    if any(_is_in(value, _REFUSALS) for answer in (own, listed_test, clean_test) for value in answer.values):
        return Finding(
            subject,
            State.UNKNOWN,
            _("%(list)s does not answer this resolver; many lists refuse public ones.") % words,
            _("Ask through a resolver of your own (DNS_RESOLVERS), or use the list's service for registered users."),
        )
    if own.outcome.is_failure or listed_test.outcome.is_failure:
        return Finding(subject, State.UNKNOWN, _("%(list)s did not answer.") % words, _("Ask again later."))
    if clean_test.outcome is Outcome.FOUND:
        return Finding(
            subject,
            State.UNKNOWN,
            _("%(list)s lists everything, even the test address that no list may hold.") % words,
            _("Take it out of ADDRESS_BLOCKLISTS: it has most likely been shut down."),
        )
    if not _lists(listed_test):
        return Finding(
            subject,
            State.UNKNOWN,
            _("%(list)s does not list the test address that every list holds, so its answers mean nothing.") % words,
            _("See whether its name in ADDRESS_BLOCKLISTS is right, and whether it is a list of addresses."),
        )
    if own.outcome is not Outcome.FOUND:
        return Finding(subject, State.FINE, _("Not listed."))
    if not _lists(own):
        return Finding(
            subject,
            State.UNKNOWN,
            _("%(list)s answers %(codes)s, which is no answer of a blocklist.") % words,
            _("See whether your resolver rewrites answers for names that do not exist."),
        )
    return Finding(
        subject,
        State.FAILURE,
        _("%(address)s is listed (%(codes)s).") % words,
        _("Find the cause, such as mail to bought lists or a token in wrong hands, then ask %(list)s to remove it.")
        % words,
    )


def _lists(answer: Answer) -> bool:
    return answer.outcome is Outcome.FOUND and all(_is_in(value, _ANSWERS) for value in answer.values)


def _is_in(value: str, network: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(value) in network
    except ValueError:
        return False
