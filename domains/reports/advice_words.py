"""The sentences of the health page: the first one, the advice, and what each kind of source is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from domains.reports.advice import ENOUGH_EMAILS, Advice, Counsel, Facts
from domains.reports.dmarc_record import with_policy, with_reports_to
from domains.reports.sources import Source, SourceKind
from mailtrap_site.web.statuses import Look
from mailtrap_site.web.wording import figure_words, percent_words

NAMED = 3
"""Addresses that a sentence names; the table has them all."""

KINDS: dict[SourceKind, Look] = {
    SourceKind.OURS: Look("tick-circle", gettext_lazy("This service"), "good"),
    SourceKind.SERVICE: Look("tick-circle", gettext_lazy("Authenticated"), "good"),
    SourceKind.FORWARDED: Look("plane", gettext_lazy("Forwarded"), "neutral"),
    SourceKind.ALTERED: Look("people", gettext_lazy("Forwarded, changed"), "neutral"),
    SourceKind.PARTLY: Look("triangle", gettext_lazy("Partly"), "warn"),
    SourceKind.FAILING: Look("triangle", gettext_lazy("Fails"), "warn"),
}
OURS_FAILS = Look("triangle", gettext_lazy("This service, fails"), "warn")
EXPLAINED: dict[SourceKind, str | Promise] = {
    SourceKind.OURS: gettext_lazy("An address that we send your mail from."),
    SourceKind.SERVICE: gettext_lazy("Another sender that signs or sends as your domain and is set up well."),
    SourceKind.FORWARDED: gettext_lazy(
        "Somebody passed your mail on. SPF cannot pass from there; our DKIM signature does, so DMARC does."
    ),
    SourceKind.ALTERED: gettext_lazy(
        "Receivers call it a forwarder or mailing list. It changes mail, which breaks the signature; nothing to do."
    ),
    SourceKind.PARTLY: gettext_lazy("Some of its mail passes. If it is yours, look at how it signs."),
    SourceKind.FAILING: gettext_lazy(
        "Neither DKIM nor SPF proves its mail to be yours: a sender of yours that needs set-up, or not yours at all."
    ),
}


@dataclass(frozen=True, slots=True)
class AdviceWords:
    """A heading, its explanation, and the record to publish; `fold` is set where the record is only for those to whom
    the advice does not apply."""

    heading: str
    sentence: str
    record: str = ""
    fold: str = ""


def answer(facts: Facts, days: int, failing: int) -> str:
    """Is mail that says it is from the domain authenticated? For domains with reports."""
    numbers = {"share": percent_words(facts.share), "emails": figure_words(facts.emails), "days": days}
    passed = ngettext(
        "%(share)s of %(emails)s email in the last %(days)s days passed DMARC",
        "%(share)s of %(emails)s emails in the last %(days)s days passed DMARC",
        facts.emails,
    )
    if not failing:
        return f"{passed % numbers}."
    sources = ngettext("%(count)s source fails", "%(count)s sources fail", failing)
    return f"{passed % numbers}; {sources % {'count': figure_words(failing)}}."


def advice_words(given: Counsel, facts: Facts, record: str, report_address: str) -> AdviceWords:
    """`record` is the domain's DMARC record as DNS gave it, empty where there is none."""
    values = {
        "sources": _listed(given.sources),
        "policy": facts.policy,
        "next": given.next_policy,
        "days": given.days_left,
        "share": percent_words(facts.share),
        "percent": percent_words(facts.percent / 100),
        "enough": ENOUGH_EMAILS,
    }
    heading, sentence = _TEXTS[given.advice]
    if given.advice is Advice.TIGHTEN and given.next_policy == "reject":
        sentence = _TIGHTEN_TO_REJECT
    if given.advice is Advice.FIX_SOURCES and not given.next_policy:
        sentence = _FIX_UNDER_REJECT
    published = _record(given, record, report_address)
    is_fold = given.advice is Advice.FIX_SOURCES and bool(published)
    fold = _("They are not yours? Then publish the stricter policy, which stops them") if is_fold else ""
    return AdviceWords(_(heading) % values, _(sentence) % values, published, fold)


def _record(given: Counsel, record: str, report_address: str) -> str:
    match given.advice:
        case Advice.REPORTS_ELSEWHERE:
            return with_reports_to(record, report_address) if record else ""
        case Advice.NO_RECORD:
            return with_reports_to(with_policy("", "none"), report_address)
    return with_policy(record, given.next_policy) if given.next_policy and record else ""


def _listed(sources: Sequence[Source]) -> str:
    named = ", ".join(source.address for source in sources[:NAMED])
    more = len(sources) - NAMED
    return named if more <= 0 else _("%(named)s and %(count)d more") % {"named": named, "count": more}


_TEXTS: dict[Advice, tuple[str, str]] = {
    Advice.NO_RECORD: (
        gettext_noop("Publish a DMARC record"),
        gettext_noop(
            "Without one receivers report nothing, and anybody may send in your name. This one only asks for reports."
        ),
    ),
    Advice.REPORTS_ELSEWHERE: (
        gettext_noop("Let the reports come here as well"),
        gettext_noop("Your record sends them somewhere else. Publish this one: it keeps your addresses and adds ours."),
    ),
    Advice.WAITING: (
        gettext_noop("Nothing to do yet"),
        gettext_noop("Your record asks receivers to report to us. They do so once a day, about the day before."),
    ),
    Advice.OURS_FAILS: (
        gettext_noop("Look at your DNS records first"),
        gettext_noop("Mail that we sent for you failed (%(sources)s). Open Set-up and check that all records stand."),
    ),
    Advice.RELAX: (
        gettext_noop("Go back to p=none until your senders pass"),
        gettext_noop(
            "Only %(share)s passed, and p=%(policy)s keeps the rest from inboxes. If %(sources)s send for you, publish "
            "this record, set up DKIM there, and tighten again later. If they do not, leave the policy as it is."
        ),
    ),
    Advice.FIX_SOURCES: (
        gettext_noop("Find out who sends from these addresses"),
        gettext_noop(
            "Mail from %(sources)s fails, and is more than 1 %% of what was reported. If that is a sender of yours (a "
            "shop, a newsletter, an office server), set up DKIM for your domain there before you tighten the policy."
        ),
    ),
    Advice.TOO_FEW: (
        gettext_noop("Wait until 98 %% passes"),
        gettext_noop(
            "%(share)s passed; the rest is spread over many small sources. Go through those in the table that you know "
            "and set up DKIM there."
        ),
    ),
    Advice.MORE_DAYS: (
        gettext_noop("Keep p=%(policy)s for now"),
        gettext_noop(
            "What was reported looks well. Wait for %(days)s more days with reports, so that a monthly newsletter or "
            "invoice run is not missed."
        ),
    ),
    Advice.MORE_EMAILS: (
        gettext_noop("Keep p=%(policy)s for now"),
        gettext_noop("What was reported looks well, but it is little. %(enough)s emails are enough to go by."),
    ),
    Advice.ALL_OF_IT: (
        gettext_noop("Apply the policy to all of your mail"),
        gettext_noop(
            "It is applied to %(percent)s of what fails. Nearly everything passes, so publish it without a limit."
        ),
    ),
    Advice.TIGHTEN: (
        gettext_noop("Change the policy to %(next)s"),
        gettext_noop(
            "For two weeks and more nearly all mail passed. With this record mail that only pretends to be yours goes "
            "to the spam folder."
        ),
    ),
    Advice.DONE: (
        gettext_noop("Nothing to do"),
        gettext_noop(
            "The policy is p=reject and your mail passes: mail that only pretends to be yours is turned away."
        ),
    ),
}
_TIGHTEN_TO_REJECT = gettext_noop(
    "Under p=quarantine nearly all mail passed for two weeks and more. With this record mail that only pretends to be "
    "yours is turned away."
)
_FIX_UNDER_REJECT = gettext_noop(
    "Mail from %(sources)s fails, and is more than 1 %% of what was reported; p=reject turns it away. If that is a "
    "sender of yours, set up DKIM for your domain there. If not, the policy does what it is for."
)
