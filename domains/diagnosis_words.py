"""The sentences of `domains.diagnosis`, by advice: what is so, and the one thing to change."""

from django.utils.translation import gettext_noop

from domains.advice import AdviceCode

MISSING = gettext_noop("No record at %(fqdn)s yet. Add the %(type)s shown here.")
POLICY_MISSING = gettext_noop("No record at %(fqdn)s yet. Any valid policy is accepted; keep yours if you have one.")

MISTAKES: dict[AdviceCode, str] = {
    AdviceCode.OTHER_TYPE: gettext_noop(
        "There is another record at %(fqdn)s (%(others)s), but no %(type)s. Replace it by the %(type)s shown here."
    ),
    AdviceCode.PROXIED: gettext_noop(
        "Cloudflare answers with its own addresses, because the record is proxied. Switch it to “DNS only” (the grey "
        "cloud)."
    ),
    AdviceCode.WILDCARD: gettext_noop(
        "Nothing stands at %(fqdn)s itself; a wildcard record (*) of yours answers in its place. Add the %(type)s "
        "shown here: it goes before the wildcard."
    ),
    AdviceCode.NAME_DOUBLED: gettext_noop(
        "Your provider added your domain to the name. Edit the record and enter only %(name)s as its name."
    ),
    AdviceCode.ON_PARENT: gettext_noop(
        "The record stands in the zone above, without your subdomain in its name. Change the name to %(in_parent)s."
    ),
    AdviceCode.VALUE_DOUBLED: gettext_noop(
        "Your provider added your domain at the end: edit the record and put a dot after %(value)s."
    ),
    AdviceCode.VALUE_QUOTED: gettext_noop(
        "Quotation marks were pasted with the value. Edit the record and remove them."
    ),
    AdviceCode.VALUE_CUT_SHORT: gettext_noop("The value is cut short. Copy the whole value again."),
    AdviceCode.OTHER_VALUE: gettext_noop("The record points somewhere else. Change its value to %(value)s."),
    AdviceCode.SEVERAL_VALUES: gettext_noop("There are several records at this name. Keep only the one shown here."),
    AdviceCode.DKIM_NO_KEY: gettext_noop("The record has no key (p=). Copy the whole value again."),
    AdviceCode.DKIM_REVOKED: gettext_noop(
        "The key (p=) is empty, which tells receivers that it was withdrawn. Copy the whole value again."
    ),
    AdviceCode.DKIM_OTHER_KEY: gettext_noop("This is another key than ours. Replace the value by the one shown here."),
    AdviceCode.DKIM_SPLIT: gettext_noop(
        "The key was entered as several records. Delete them, and enter the whole value into one: your provider splits "
        "it by itself."
    ),
    AdviceCode.DKIM_SYNTAX: gettext_noop(
        "The record cannot be used as a key: it has to begin with v=DKIM1 and say what is shown here. Copy it again."
    ),
    AdviceCode.DMARC_SEVERAL: gettext_noop(
        "There are several DMARC records, so receivers use none of them. Keep one and delete the others."
    ),
    AdviceCode.DMARC_VERSION: gettext_noop("A DMARC record has to begin with v=DMARC1. Put that first, or copy ours."),
    AdviceCode.DMARC_POLICY_MISSING: gettext_noop(
        "The record has no policy. Add p=none after v=DMARC1; or copy our record."
    ),
    AdviceCode.DMARC_POLICY_UNKNOWN: gettext_noop(
        "The policy (p=) can be none, quarantine or reject. Change it to p=none."
    ),
    AdviceCode.DMARC_SYNTAX: gettext_noop(
        "The record cannot be read: each part has to be name=value, once, with a semicolon between parts."
    ),
    AdviceCode.SERVERS_DISAGREE: gettext_noop(
        "Your name servers do not agree: %(behind)s still has something else. Wait a few minutes; if it lasts, ask "
        "your DNS provider why that server is not updated."
    ),
    AdviceCode.DNSSEC: gettext_noop(
        "The record stands, but DNSSEC of your zone is broken, so resolvers (%(resolvers)s) refuse to use it. Sign the "
        "zone again, or remove the DS record at your registrar."
    ),
    AdviceCode.TIMEOUT: gettext_noop(
        "Your DNS did not answer us in time. This says nothing about the record; we ask again by ourselves."
    ),
    AdviceCode.SERVFAIL: gettext_noop(
        "Your DNS answered with a failure. This says nothing about the record; if it lasts, ask your DNS provider."
    ),
}

REMARKS: dict[AdviceCode, str] = {
    AdviceCode.CHAINED: gettext_noop("It leads to ours by way of %(first)s. That works while every step of it stands."),
    AdviceCode.DMARC_INHERITED: gettext_noop(
        "%(zone)s has no policy of its own, so the one of %(first)s applies (RFC 7489). Nothing has to change; add "
        "ours to see reports about this domain alone."
    ),
    AdviceCode.DMARC_ORDER: gettext_noop(
        "The policy (p=) should come right after v=DMARC1; strict receivers ignore the record otherwise. Move it there."
    ),
    AdviceCode.DMARC_TAG: gettext_noop(
        "One of sp, adkim, aspf or pct has a value that receivers do not know, so they pass over it. Correct or "
        "remove it."
    ),
    AdviceCode.DMARC_ASPF_STRICT: gettext_noop(
        "With aspf=s our return path, a name under your domain, does not count for SPF. DMARC passes by DKIM all the "
        "same; aspf=r would let both count."
    ),
    AdviceCode.DMARC_REPORTS_ELSEWHERE: gettext_noop(
        "Receivers do not send their reports to us, so none are shown here. To see them, add mailto:%(address)s to "
        "rua, after a comma."
    ),
}

STALE_VALUE = gettext_noop("Published; the resolver %(server)s still has the old value for %(time)s.")
STALE_ABSENCE = gettext_noop("Published; the resolver %(server)s remembers for %(time)s that there was nothing.")
STALE_NO_MORE = gettext_noop("Published; every resolver should have it by now.")

SEEN_AT_ONCE = gettext_noop("We see the change with our next check; others may see the old answer for up to %(time)s.")
SEEN_AFTER_TTL = gettext_noop("The change is seen once the old answer is forgotten, within %(time)s.")
