"""The words in which a record is judged: its status, and the code of what is wrong. Pure, and below all judges."""

from dataclasses import dataclass
from enum import StrEnum


class RecordStatus(StrEnum):
    """`softfail`: it stands, but not everywhere or not provably: mail signed with it may or may not be trusted.

    It verifies no domain, and takes no verification away.
    """

    PASSED = "pass"
    MISSING = "missing"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NETWORK_ERROR = "network_error"
    UNCHECKED = "unchecked"


class AdviceCode(StrEnum):
    """What is wrong with a record, as finely as one sentence of advice needs it."""

    NONE = ""
    UNCHECKED = "unchecked"
    NOT_FOUND = "not_found"
    OTHER_TYPE = "other_type"
    PROXIED = "proxied"
    WILDCARD = "wildcard"
    NAME_DOUBLED = "name_doubled"
    ON_PARENT = "on_parent"
    VALUE_DOUBLED = "value_doubled"
    VALUE_QUOTED = "value_quoted"
    VALUE_CUT_SHORT = "value_cut_short"
    OTHER_VALUE = "other_value"
    SEVERAL_VALUES = "several_values"
    CHAINED = "chained"
    DKIM_NO_KEY = "dkim_no_key"
    DKIM_REVOKED = "dkim_revoked"
    DKIM_OTHER_KEY = "dkim_other_key"
    DKIM_SPLIT = "dkim_split"
    DKIM_SYNTAX = "dkim_syntax"
    DMARC_SEVERAL = "dmarc_several"
    DMARC_VERSION = "dmarc_version"
    DMARC_POLICY_MISSING = "dmarc_policy_missing"
    DMARC_POLICY_UNKNOWN = "dmarc_policy_unknown"
    DMARC_SYNTAX = "dmarc_syntax"
    DMARC_INHERITED = "dmarc_inherited"
    DMARC_ORDER = "dmarc_order"
    DMARC_TAG = "dmarc_tag"
    DMARC_ASPF_STRICT = "dmarc_aspf_strict"
    DMARC_REPORTS_ELSEWHERE = "dmarc_reports_elsewhere"
    STALE = "stale"
    SERVERS_DISAGREE = "servers_disagree"
    DNSSEC = "dnssec"
    TIMEOUT = "timeout"
    SERVFAIL = "servfail"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one record is worth, and why; `domains.diagnosis` turns the code into a sentence.

    With `passed` an advice is a remark: nothing has to change.
    """

    status: RecordStatus
    advice: AdviceCode = AdviceCode.NONE
