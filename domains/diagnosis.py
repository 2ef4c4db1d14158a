"""Explains a judged record to the person who publishes it: what we found, which part is wrong, what to change.

Pure but for translation; derived on each view from the stored advice code and observation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from domains.records import AdviceCode, ExpectedRecord, RecordType, doubled_name


@dataclass(frozen=True, slots=True)
class Explanation:
    """`found` is what DNS answered, split so that a page can mark the `wrong` end; `sentence` stands without them."""

    sentence: str
    found: str = ""
    wrong: str = ""


def explain(expected: ExpectedRecord, advice: AdviceCode, observed: Sequence[str]) -> Explanation | None:
    """The advice for one record, or None when there is nothing to say; `observed` is what stands at its name."""
    detail = " | ".join(observed)
    match advice:
        case AdviceCode.NONE | AdviceCode.UNCHECKED:
            return None
        case AdviceCode.NOT_FOUND:
            return Explanation(_not_found(expected))
        case AdviceCode.OTHER_TYPE:
            return Explanation(
                _("There is another record at %(name)s, but no %(type)s. Replace it by the %(type)s shown here.")
                % {"name": expected.fqdn, "type": expected.type}
            )
        case AdviceCode.NAME_DOUBLED:
            return Explanation(
                _("Your provider added your domain to the name. Edit the record and enter only %(name)s as its name.")
                % {"name": expected.name},
                found=expected.fqdn,
                wrong=doubled_name(expected).removeprefix(expected.fqdn),
            )
        case AdviceCode.VALUE_DOUBLED:
            return Explanation(
                _("Your provider added your domain at the end: edit the record and put a dot after %(value)s.")
                % {"value": expected.value},
                found=detail[: len(expected.value)],
                wrong=detail[len(expected.value) :],
            )
        case _:
            return Explanation(_sentence(expected, advice), wrong=detail)


def _not_found(expected: ExpectedRecord) -> str:
    if expected.type is RecordType.TXT:
        return _("No record at %(name)s yet. Any valid policy is accepted; keep yours if you have one.") % {
            "name": expected.fqdn
        }
    return _("No record at %(name)s yet. Most changes show within minutes.") % {"name": expected.fqdn}


def _sentence(expected: ExpectedRecord, advice: AdviceCode) -> str:
    sentences = {
        AdviceCode.VALUE_QUOTED: _("Quotation marks were pasted with the value. Edit the record and remove them."),
        AdviceCode.VALUE_CUT_SHORT: _("The value is cut short. Copy the whole value again: %(value)s."),
        AdviceCode.OTHER_VALUE: _("The record points somewhere else. Change its value to %(value)s."),
        AdviceCode.SEVERAL_VALUES: _("There are several records at this name. Keep only the one with %(value)s."),
        AdviceCode.DMARC_SEVERAL: _(
            "There are several DMARC records, so receivers use none of them. Keep one and delete the others."
        ),
        AdviceCode.DMARC_VERSION: _("A DMARC record has to begin with v=DMARC1. Put that first, or copy ours."),
        AdviceCode.DMARC_POLICY_MISSING: _("The record has no policy. Add p=none after v=DMARC1; or copy our record."),
        AdviceCode.DMARC_POLICY_UNKNOWN: _("The policy (p=) can be none, quarantine or reject. Change it to p=none."),
        AdviceCode.DMARC_SYNTAX: _(
            "The record cannot be read: each part has to be name=value, once, with a semicolon between parts."
        ),
        AdviceCode.TIMEOUT: _(
            "Your DNS did not answer us in time. This says nothing about the record; we ask again by ourselves."
        ),
        AdviceCode.SERVFAIL: _(
            "Your DNS answered with a failure. This says nothing about the record; if it lasts, ask your DNS provider."
        ),
    }
    return sentences[advice] % {"value": expected.value}
