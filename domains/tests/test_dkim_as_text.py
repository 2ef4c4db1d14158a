"""A DKIM key that the customer publishes as TXT: what a verifier could use passes, each mistake is told apart."""

import pytest

from domains.advice import AdviceCode, RecordStatus
from domains.answers import Answer, Outcome
from domains.records import ExpectedRecord, RecordKey, RecordType, judge

KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + "Zx9" * 116 + "IDAQAB"
WANTED = f"v=DKIM1; k=rsa; p={KEY}"
RECORD = ExpectedRecord(RecordKey.DKIM1, RecordType.TXT, "mt1._domainkey", "mt1._domainkey.shop.test", WANTED)
ED = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ED_RECORD = ExpectedRecord(RecordKey.DKIM_ED25519, RecordType.TXT, "mt3._domainkey", "mt3._domainkey.shop.test", ED)


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (RECORD, WANTED),
        (RECORD, f"p={KEY}"),
        (RECORD, f"v=DKIM1;p={KEY};k=rsa;"),
        (RECORD, f"v=DKIM1; k=rsa; p={KEY[:100]} {KEY[100:]}"),
        (RECORD, f"v=DKIM1; h=sha1:sha256; s=email; t=s; p={KEY}"),
        (ED_RECORD, ED),
    ],
)
def test_what_a_verifier_can_use_passes(record: ExpectedRecord, value: str) -> None:
    assert judge(record, Answer(Outcome.FOUND, (value,))).status is RecordStatus.PASSED


@pytest.mark.parametrize(
    ("record", "values", "advice"),
    [
        (RECORD, ["v=DKIM1; k=rsa"], AdviceCode.DKIM_NO_KEY),
        (RECORD, ["v=DKIM1; k=rsa; p="], AdviceCode.DKIM_REVOKED),
        (RECORD, [WANTED[:255]], AdviceCode.VALUE_CUT_SHORT),
        (RECORD, [f"v=DKIM1; k=rsa; p={KEY[::-1]}"], AdviceCode.DKIM_OTHER_KEY),
        (RECORD, [f'"{WANTED}"'], AdviceCode.VALUE_QUOTED),
        (RECORD, [f'"{WANTED[:255]}" "{WANTED[255:]}"'], AdviceCode.VALUE_QUOTED),
        (RECORD, [WANTED[:255], WANTED[255:]], AdviceCode.DKIM_SPLIT),
        (RECORD, [WANTED, "v=DKIM1; p=abc"], AdviceCode.SEVERAL_VALUES),
        (RECORD, [f"k=rsa; v=DKIM1; p={KEY}"], AdviceCode.DKIM_SYNTAX),
        (RECORD, [f"v=DKIM1; k=ed25519; p={KEY}"], AdviceCode.DKIM_SYNTAX),
        (RECORD, [f"v=DKIM1; h=sha1; p={KEY}"], AdviceCode.DKIM_SYNTAX),
        (RECORD, [f"v=DKIM1; s=tlsrpt; p={KEY}"], AdviceCode.DKIM_SYNTAX),
        (RECORD, ["v=spf1 -all"], AdviceCode.DKIM_SYNTAX),
        (ED_RECORD, [WANTED], AdviceCode.DKIM_OTHER_KEY),
    ],
)
def test_each_mistake_is_told_apart(record: ExpectedRecord, values: list[str], advice: AdviceCode) -> None:
    judgement = judge(record, Answer(Outcome.FOUND, tuple(values)))
    assert (judgement.status, judgement.advice) == (RecordStatus.FAIL, advice)


def test_without_a_text_it_is_missing() -> None:
    assert judge(RECORD, Answer(Outcome.NO_DATA)).status is RecordStatus.MISSING
