"""The findings of the doctor in words: what is so, one thing to change, and whether mail suffers meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

TROUBLES = ("not_registered", "dnssec", "lame", "nowhere", "hidden", "no_tcp", "silent")
"""Those that stop or slow mail, worst first; the rest is worth knowing."""

SENTENCES: dict[str, str] = {
    "not_registered": gettext_noop(
        "The zone above (%(zone)s) does not know this domain. Register it, or check its spelling; a new registration "
        "shows within a day."
    ),
    "dnssec": gettext_noop(
        "%(servers)s does not believe your zone, because its DNSSEC signatures do not fit. Sign the zone again at your "
        "DNS provider, or remove the DS record at your registrar; until then receivers cannot read your records."
    ),
    "lame": gettext_noop(
        "%(servers)s does not serve your zone, though your domain is delegated to it (a lame delegation). Add the zone "
        "there, or take the server off the list at your registrar."
    ),
    "nowhere": gettext_noop(
        "The name server %(servers)s has no address. Correct its name at your registrar, or take it off the list."
    ),
    "hidden": gettext_noop(
        "The name server %(servers)s has only a private address, so nobody outside reaches it. Give it a public one, "
        "or take it off the list at your registrar."
    ),
    "no_tcp": gettext_noop(
        "%(servers)s has an answer that is too long for UDP, and does not speak TCP (RFC 7766). Open TCP port 53 "
        "there, or make the record shorter."
    ),
    "silent": gettext_noop(
        "%(servers)s did not answer us. If it lasts, ask your DNS provider, or take the server off the list at your "
        "registrar."
    ),
    "unreachable": gettext_noop(
        "None of your name servers answered us about your zone, so we went by what the resolvers say."
    ),
    "spf_several": gettext_noop(
        "The domain has %(count)s SPF records, so receivers use none of them (RFC 7208 section 4.5). Merge them into "
        "one. Mail sent from here passes by its own return path; your other mail does not."
    ),
    "spf_quoted": gettext_noop(
        "The SPF record was pasted with quotation marks, so receivers do not see it. Edit it and remove them."
    ),
    "spf_lookups": gettext_noop(
        "The SPF record costs %(count)s look-ups, and receivers stop after 10 (RFC 7208 section 4.6.4). Remove an "
        "include that you no longer use. Mail sent from here passes by its own return path."
    ),
    "spf_void": gettext_noop(
        "%(count)s names in the SPF record lead to nothing, and receivers stop after 2. Remove those that no longer "
        "exist."
    ),
    "spf_syntax": gettext_noop(
        "“%(term)s” in the SPF record of %(name)s cannot be read, so receivers ignore the whole record. Correct it."
    ),
    "spf_include": gettext_noop(
        "The SPF record includes %(name)s, which has %(count)s SPF records instead of one. Correct or remove it."
    ),
    "spf_loop": gettext_noop("The SPF record includes %(name)s twice, or in a circle. Remove one of the includes."),
    "spf_allows_all": gettext_noop(
        "The SPF record of %(name)s ends in +all, which lets everybody send in its name. Change that to ~all."
    ),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding in words; `is_trouble` when mail suffers."""

    text: str
    is_trouble: bool


def remarks(findings: Iterable[dict[str, Any]]) -> list[Remark]:
    """What to say about stored findings, worst first; codes that this version does not know are passed over."""
    known = [finding for finding in findings if finding["code"] in SENTENCES]
    ordered = sorted(known, key=lambda finding: _weight(finding["code"]))
    return [
        Remark(_(SENTENCES[finding["code"]]) % finding["params"], finding["code"] in TROUBLES) for finding in ordered
    ]


def _weight(code: str) -> int:
    return TROUBLES.index(code) if code in TROUBLES else len(TROUBLES)
