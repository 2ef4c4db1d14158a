"""One sentence for what the check of a domain's inbound TLS found."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from domains.mta_sts import InboundTls
from domains.mta_sts_policy import Mode
from mailtrap_site.web.statuses import Look
from mailtrap_site.web.wording import duration_words

PROBLEMS: dict[str, str | Promise] = {
    "dns": gettext_lazy("DNS did not answer us in time. This says nothing about the policy; check again."),
    "no_record": gettext_lazy(
        "There is no policy. Whoever sends to %(domain)s uses TLS where it can, which somebody on the way may suppress."
    ),
    "several_records": gettext_lazy("There are several records at _mta-sts.%(domain)s, so senders use none. Keep one."),
    "no_host": gettext_lazy("There is a record, but mta-sts.%(domain)s has no address, so the policy is not found."),
    "not_public": gettext_lazy("mta-sts.%(domain)s has no public address, so nobody can fetch the policy."),
    "unreachable": gettext_lazy("mta-sts.%(domain)s does not take connections on port 443."),
    "timeout": gettext_lazy("mta-sts.%(domain)s did not answer within five seconds."),
    "certificate": gettext_lazy("The certificate of mta-sts.%(domain)s does not stand: %(detail)s."),
    "no_http": gettext_lazy("mta-sts.%(domain)s answered with something that is no web page."),
    "redirect": gettext_lazy(
        "mta-sts.%(domain)s redirects to another address (%(detail)s), which senders do not follow."
    ),
    "status": gettext_lazy("mta-sts.%(domain)s answered %(detail)s instead of giving the policy."),
    "too_large": gettext_lazy("The policy file is larger than the 64 KB that senders read."),
    "content_type": gettext_lazy("The policy is served as %(detail)s; it has to be text/plain."),
    "policy": gettext_lazy("The policy file cannot be read: its “%(detail)s” is missing or wrong."),
    "record_id": gettext_lazy(
        "The record has no id of letters and digits, by which senders would see that the policy changed."
    ),
    "no_mx": gettext_lazy("There is a policy, but no mail server that it could be about: %(domain)s has no MX record."),
    "uncovered": gettext_lazy(
        "The policy does not name %(detail)s, to which the MX records point. Add an mx line before you enforce it."
    ),
    "short_max_age": gettext_lazy(
        "The policy is forgotten after %(age)s, so it hardly protects. Set max_age to a week (604800) or more."
    ),
}
MODES: dict[str, str | Promise] = {
    Mode.ENFORCE: gettext_lazy("Mail to %(domain)s is only handed over by TLS, to servers with good certificates."),
    Mode.TESTING: gettext_lazy(
        "Failures are reported and mail is delivered all the same. Once the reports are clean, set the mode to enforce."
    ),
    Mode.NONE: gettext_lazy("The policy says that there is none any more; senders forget the old one."),
}
_LOOKS = {
    Mode.ENFORCE: Look("tick-circle", gettext_lazy("Enforced"), "good"),
    Mode.TESTING: Look("clock", gettext_lazy("Testing"), "neutral"),
    Mode.NONE: Look("crossed", gettext_lazy("None"), "outline"),
}
_ABSENT = Look("crossed", gettext_lazy("No policy"), "outline")
_UNKNOWN = Look("question", gettext_lazy("Could not check"), "outline")
_WRONG = Look("triangle", gettext_lazy("Not working"), "warn")


def state(found: InboundTls) -> Look:
    """The badge."""
    match found.problem:
        case "":
            return _LOOKS[Mode(found.mode)]
        case "no_record":
            return _ABSENT
        case "dns":
            return _UNKNOWN
    return _WRONG


def sentence(found: InboundTls, domain: str) -> str:
    """What was found and what to change; `domain` as people read it."""
    values = {"domain": domain, "detail": found.detail.rstrip("."), "age": duration_words(found.max_age)}
    return str(PROBLEMS[found.problem] if found.problem else MODES[found.mode]) % values
